// Package untorn changes directories of files so that they are never half done. It is a thin layer over the C interface of untorn.
//
// Build with CGO_CFLAGS=-I<include> and CGO_LDFLAGS=-L<lib>.
package untorn

/*
#cgo LDFLAGS: -luntorn_ffi -lm
#include <stdlib.h>
#include "untorn.h"
*/
import "C"

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"unsafe"
)

// UpdateInfo is new bytes for a place in a file; or the news that there is an error, or that the set is complete.
type UpdateInfo struct {
	File string // relative to the directory, with slashes; made when missing
	Data []byte
	At   int64 // bytes from the start of the file
	Err  error // the producer failed: nothing is changed
	End  bool  // the set is complete: see AtomicUpdateMarked
}

// Error is what a call failed of.
type Error struct {
	Status  int    // one of UNTORN_...
	Code    string `json:"code"` // UNT-..., never changes its meaning
	Message string `json:"message"`
	Tree    string `json:"tree"` // which tree there is now: unchanged, new, will-complete, in-doubt, not-understood
	Advice  string `json:"advice"`
}

func (e *Error) Error() string { return e.Message }

// ErrUnfinished says that a channel was closed without the mark that the set is complete.
var ErrUnfinished = errors.New("the updates ended without their end mark; nothing was changed")

// Tree is a directory that is open for changing. It may be used by any goroutine, by one at a time.
type Tree struct{ handle C.untorn_tree }

// Open takes a directory under care, and completes or discards what an earlier process left.
func Open(dir string) (*Tree, error) {
	t := new(Tree)
	err := withText(dir, func(p *C.char, n C.size_t) error {
		return call(func(a *C.untorn_text) C.int32_t { return C.untorn_open(p, n, nil, &t.handle, a) })
	})
	if err != nil {
		return nil, err
	}
	return t, nil
}

// Close lets go of the directory.
func (t *Tree) Close() error {
	return call(func(a *C.untorn_text) C.int32_t { return C.untorn_close(t.handle, a) })
}

// AtomicUpdate applies all updates that come until the channel is closed, or none. After it returns nil, all of them are done, and durable; after an error, which may be
// one that the producer sent as Err, the error says which of the two trees there is.
//
// A channel that is closed because its producer died looks like one that is complete: use AtomicUpdateMarked where that matters. After an error, what still comes is
// received and thrown away, so that no producer waits for ever; it should close the channel all the same.
func (t *Tree) AtomicUpdate(updates <-chan UpdateInfo) error { return t.atomicUpdate(updates, false) }

// AtomicUpdateMarked is AtomicUpdate for a producer that ends its set by an UpdateInfo with End: a channel that is closed before that changes nothing.
func (t *Tree) AtomicUpdateMarked(updates <-chan UpdateInfo) error {
	return t.atomicUpdate(updates, true)
}

func (t *Tree) atomicUpdate(updates <-chan UpdateInfo, needsEnd bool) error {
	if err := call(func(a *C.untorn_text) C.int32_t { return C.untorn_begin(t.handle, nil, a) }); err != nil {
		return err
	}
	if err := t.stage(updates, needsEnd); err != nil {
		go func() {
			for range updates {
			}
		}()
		C.untorn_discard(t.handle, nil)
		return err
	}
	return call(func(a *C.untorn_text) C.int32_t { return C.untorn_commit(t.handle, a) })
}

func (t *Tree) stage(updates <-chan UpdateInfo, needsEnd bool) error {
	for update := range updates {
		switch {
		case update.Err != nil:
			return fmt.Errorf("the producer of the updates failed; nothing was changed: %w", update.Err)
		case update.End:
			return nil
		case update.At < 0:
			return fmt.Errorf("%q: a place before the start of the file; nothing was changed", update.File)
		}
		if err := t.writeAt(update); err != nil {
			return err
		}
	}
	if needsEnd {
		return ErrUnfinished
	}
	return nil
}

func (t *Tree) writeAt(update UpdateInfo) error {
	var data *C.uint8_t
	if len(update.Data) > 0 {
		data = (*C.uint8_t)(unsafe.Pointer(&update.Data[0]))
	}
	err := withText(update.File, func(p *C.char, n C.size_t) error {
		return call(func(a *C.untorn_text) C.int32_t {
			return C.untorn_write_at(t.handle, p, n, C.uint64_t(update.At), data, C.size_t(len(update.Data)), a)
		})
	})
	runtime.KeepAlive(update.Data)
	return err
}

// Apply brings a directory from one build to the next with an unsigned patch.
func ApplyUnsigned(dir, patch string) error {
	options := C.untorn_options{flags: C.UNTORN_UNSIGNED}
	options.struct_size = C.uint32_t(unsafe.Sizeof(options))
	return withText(dir, func(d *C.char, dn C.size_t) error {
		return withText(patch, func(p *C.char, pn C.size_t) error {
			return call(func(a *C.untorn_text) C.int32_t { return C.untorn_apply(d, dn, p, pn, &options, a) })
		})
	})
}

// Verify says whether every byte is what was installed.
func Verify(dir string) (bool, error) {
	err := withText(dir, func(p *C.char, n C.size_t) error {
		return call(func(a *C.untorn_text) C.int32_t { return C.untorn_verify(p, n, nil, a) })
	})
	var failed *Error
	if errors.As(err, &failed) && failed.Status == C.UNTORN_DAMAGE {
		return false, nil
	}
	return err == nil, err
}

// call does a call, and makes an error of what it failed of.
func call(function func(*C.untorn_text) C.int32_t) error {
	// In C's memory: what the library writes there points to its own.
	answer := (*C.untorn_text)(C.calloc(1, C.sizeof_untorn_text))
	defer C.free(unsafe.Pointer(answer))
	defer C.untorn_free(answer)
	status := function(answer)
	if status == C.UNTORN_OK {
		return nil
	}
	failed := &Error{Message: fmt.Sprintf("untorn: %d", int(status))}
	if answer.data != nil {
		_ = json.Unmarshal(C.GoBytes(unsafe.Pointer(answer.data), C.int(answer.len)), failed)
	}
	failed.Status = int(status)
	return failed
}

// withText lends a text to C. An empty one is no null pointer.
func withText(text string, use func(*C.char, C.size_t) error) error {
	lent := C.CString(text)
	defer C.free(unsafe.Pointer(lent))
	return use(lent, C.size_t(len(text)))
}
