// Package extension reads what extension/build made, for the tests here and in imager. The script run names the places.
package extension

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Architectures of the image under test, as run built it.
func Architectures() []string { return []string{"amd64", "arm64"} }

// Output is where extension/build put the image under test.
func Output(t *testing.T) string { return place(t, "ICHOR_EXTENSION_OUTPUT") }

// Again is where a build of a copy of the sources, elsewhere, put its image.
func Again(t *testing.T) string { return place(t, "ICHOR_EXTENSION_AGAIN") }

// Tree is the project's root.
func Tree(t *testing.T) string { return place(t, "ICHOR_TREE") }

func place(t *testing.T, variable string) string {
	t.Helper()

	path := os.Getenv(variable)
	if path == "" {
		t.Fatalf("%s is not set: start tests/extension/run", variable)
	}

	return path
}

// Read a file of the project or of an image.
func Read(t *testing.T, elements ...string) []byte {
	t.Helper()

	content, err := os.ReadFile(filepath.Join(elements...))
	if err != nil {
		t.Fatal(err)
	}

	return content
}

type descriptor struct {
	MediaType string
	Digest    string
	Size      int64
	Platform  struct{ Architecture, OS string }
}

// Index is the part of an OCI index or manifest that matters here.
type Index struct {
	MediaType string
	Manifests []descriptor
	Config    descriptor
	Layers    []descriptor
}

// ReadIndex of an OCI layout.
func ReadIndex(t *testing.T, layout string) Index {
	t.Helper()

	return decode[Index](t, Read(t, layout, "index.json"))
}

// Blob of an OCI layout, by its descriptor, whose size must be right.
func Blob(t *testing.T, layout string, entry descriptor) []byte {
	t.Helper()

	algorithm, digest, _ := strings.Cut(entry.Digest, ":")
	content := Read(t, layout, "blobs", algorithm, digest)

	if int64(len(content)) != entry.Size {
		t.Errorf("%s is %d bytes long, its descriptor says %d", entry.Digest, len(content), entry.Size)
	}

	return content
}

// Manifest of one architecture: found where Talos' imager looks, in the index itself.
func Manifest(t *testing.T, layout, arch string) Index {
	t.Helper()

	for _, entry := range ReadIndex(t, layout).Manifests {
		if entry.Platform.OS == "linux" && entry.Platform.Architecture == arch {
			return decode[Index](t, Blob(t, layout, entry))
		}
	}

	t.Fatalf("no manifest of linux/%s in %s", arch, layout)

	return Index{}
}

func decode[T any](t *testing.T, content []byte) T {
	t.Helper()

	var value T
	if err := json.Unmarshal(content, &value); err != nil {
		t.Fatal(err)
	}

	return value
}

// Entry is a file of the image's one layer.
type Entry struct {
	Header  tar.Header
	Content []byte
}

// Entries of the image of one architecture, in their order.
func Entries(t *testing.T, layout, arch string) []Entry {
	t.Helper()

	layers := Manifest(t, layout, arch).Layers
	if len(layers) != 1 {
		t.Fatalf("%d layers, not one", len(layers))
	}

	zipped, err := gzip.NewReader(strings.NewReader(string(Blob(t, layout, layers[0]))))
	if err != nil {
		t.Fatal(err)
	}

	var entries []Entry

	for archive := tar.NewReader(zipped); ; {
		header, err := archive.Next()
		if err == io.EOF {
			return entries
		}

		if err != nil {
			t.Fatal(err)
		}

		content, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}

		entries = append(entries, Entry{*header, content})
	}
}
