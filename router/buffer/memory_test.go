package buffer_test

import (
	"testing"

	"yamabiko/router/buffer"
	"yamabiko/router/buffer/buffertest"
)

func TestMemory(t *testing.T) {
	buffertest.Run(t, func(t *testing.T, opt buffer.Options) buffer.Buffer {
		b, err := buffer.NewMemory(opt)
		if err != nil {
			t.Fatal(err)
		}
		return b
	})
}
