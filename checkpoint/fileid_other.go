//go:build !unix

package checkpoint

// fileID is unknown here: a copied state folder goes unnoticed until the sinks refuse what is older (rule S6).
func fileID(string) string { return "" }
