// Package proof holds no code of the program: its tests kill the built binary, its servers and its connections at random moments, and then
// compare every table with its index, document by document.
//
// YAMABIKO_SEED repeats the choices of an earlier run, which prints its seed; YAMABIKO_PROOF_KILLS makes the long test longer.
package proof
