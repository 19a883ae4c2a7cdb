package event

import "encoding/binary"

// AppendKey appends a primary key, given as a msgpack array of its values, to a batch's Keys; the start of what it
// appended is the entry's Key. The form is the array's length as a uvarint, then the array.
func AppendKey(keys, array []byte) []byte {
	keys = binary.AppendUvarint(keys, uint64(len(array)))
	return append(keys, array...)
}

func readKey(b []byte) []byte {
	n, w := binary.Uvarint(b)
	if w <= 0 || n > uint64(len(b)-w) {
		return nil
	}
	return b[w : w+int(n)]
}

// Lane says which of n lanes an encoded key belongs to. It is the one lane function of the whole program and must
// never change: disk buffers are split by it. FNV-1a, folded so that short keys spread.
func Lane(key []byte, n int) int {
	if n <= 1 {
		return 0
	}
	h := uint64(14695981039346656037)
	for _, c := range key {
		h = (h ^ uint64(c)) * 1099511628211
	}
	h ^= h >> 32
	return int(h % uint64(n))
}
