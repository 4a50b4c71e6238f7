package untorn

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func open(t *testing.T) (*Tree, string) {
	t.Helper()
	dir := t.TempDir()
	tree, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tree.Close(); err != nil {
			t.Error(err)
		}
	})
	return tree, dir
}

func send(updates ...UpdateInfo) <-chan UpdateInfo {
	channel := make(chan UpdateInfo)
	go func() {
		defer close(channel)
		for _, update := range updates {
			channel <- update
		}
	}()
	return channel
}

func text(t *testing.T, path string) string {
	t.Helper()
	found, err := os.ReadFile(path)
	if err != nil {
		return "none"
	}
	return string(found)
}

func TestAllOfAChannelIsApplied(t *testing.T) {
	tree, dir := open(t)
	err := tree.AtomicUpdate(send(
		UpdateInfo{File: "a/b", Data: []byte("xyz"), At: 0},
		UpdateInfo{File: "a/b", Data: []byte("Y"), At: 1},
		UpdateInfo{File: "empty"},
	))
	if err != nil || text(t, filepath.Join(dir, "a/b")) != "xYz" || text(t, filepath.Join(dir, "empty")) != "" {
		t.Fatal(err, text(t, filepath.Join(dir, "a/b")))
	}
}

func TestAnErrorOfTheProducerChangesNothing(t *testing.T) {
	tree, dir := open(t)
	broken := errors.New("broken")
	err := tree.AtomicUpdate(send(UpdateInfo{File: "a", Data: []byte("x")}, UpdateInfo{Err: broken}, UpdateInfo{File: "b"}))
	if !errors.Is(err, broken) || text(t, filepath.Join(dir, "a")) != "none" {
		t.Fatal(err)
	}
}

func TestAWrongPathChangesNothing(t *testing.T) {
	tree, dir := open(t)
	err := tree.AtomicUpdate(send(UpdateInfo{File: "a", Data: []byte("x")}, UpdateInfo{File: "../b"}, UpdateInfo{File: "c"}))
	var failed *Error
	if !errors.As(err, &failed) || failed.Code != "UNT-PATH-N2" || failed.Tree != "unchanged" || text(t, filepath.Join(dir, "a")) != "none" {
		t.Fatal(err)
	}
}

func TestAChannelWithoutItsEndMarkChangesNothing(t *testing.T) {
	tree, dir := open(t)
	if err := tree.AtomicUpdateMarked(send(UpdateInfo{File: "a", Data: []byte("x")})); !errors.Is(err, ErrUnfinished) {
		t.Fatal(err)
	}
	if text(t, filepath.Join(dir, "a")) != "none" {
		t.Fatal("something was changed")
	}
	if err := tree.AtomicUpdateMarked(send(UpdateInfo{File: "a", Data: []byte("x")}, UpdateInfo{End: true})); err != nil {
		t.Fatal(err)
	}
	if text(t, filepath.Join(dir, "a")) != "x" {
		t.Fatal("nothing was changed")
	}
}

func TestTwoAtOnceAreRefused(t *testing.T) {
	_, dir := open(t)
	_, err := Open(dir)
	var failed *Error
	if !errors.As(err, &failed) || failed.Code != "UNT-BUSY" {
		t.Fatal(err)
	}
}

func TestAPatchIsApplied(t *testing.T) {
	patch, old := os.Getenv("UNTORN_PATCH"), os.Getenv("UNTORN_OLD")
	if patch == "" {
		t.Skip("no patch")
	}
	dir := t.TempDir()
	for _, name := range []string{"readme.txt", "data/level.map"} {
		from, err := os.ReadFile(filepath.Join(old, name))
		if err == nil {
			err = os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), from, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := ApplyUnsigned(dir, patch); err != nil {
		t.Fatal(err)
	}
	if intact, err := Verify(dir); !intact || err != nil {
		t.Fatal(err)
	}
	os.WriteFile(filepath.Join(dir, "readme.txt"), []byte("damaged"), 0o644)
	if intact, err := Verify(dir); intact || err != nil {
		t.Fatal(err)
	}
}
