// Package imager has the image unpacked by the very code of Talos' imager.
package imager

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/siderolabs/talos/pkg/imager/profile"
	"ichor/tests/extension"
)

// tree of what an asset unpacks to: mode, and content or target, by name.
func tree(t *testing.T, asset profile.ContainerAsset, arch string) map[string]string {
	t.Helper()

	root := t.TempDir()
	if err := asset.Extract(context.Background(), root, arch, t.Logf, nil); err != nil {
		t.Fatal(err)
	}

	found := map[string]string{}

	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}

		info, err := entry.Info()
		if err != nil {
			return err
		}

		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}

		found[name] = info.Mode().String()

		switch {
		case info.Mode().IsRegular():
			found[name] += " " + string(extension.Read(t, path))
		case info.Mode()&os.ModeSymlink != 0:
			target, err := os.Readlink(path)
			if err != nil {
				return err
			}

			found[name] += " " + target
		}

		return nil
	})
	if err != nil {
		t.Fatal(err)
	}

	return found
}

func TestImagerUnpacksTheSameFromTheLayoutAndFromTheTarball(t *testing.T) {
	for _, arch := range extension.Architectures() {
		t.Run(arch, func(t *testing.T) {
			layout := tree(t, profile.ContainerAsset{OCIPath: extension.Output(t)}, arch)

			// The imager takes a plain archive.
			plain := filepath.Join(t.TempDir(), "ichor.tar")
			packed := filepath.Join(extension.Output(t), "ichor-"+arch+".tar.zst")

			if out, err := exec.Command("zstd", "-q", "-d", packed, "-o", plain).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}

			tarball := tree(t, profile.ContainerAsset{TarballPath: plain}, arch)

			entries := extension.Entries(t, extension.Output(t), arch)
			if len(layout) != len(entries) || len(tarball) != len(entries) {
				t.Errorf("%d entries, %d unpacked from the layout, %d from the tarball", len(entries), len(layout), len(tarball))
			}

			for _, entry := range entries {
				name := filepath.Clean(entry.Header.Name)
				want := entry.Header.FileInfo().Mode().String()

				if entry.Header.Linkname != "" {
					want = "Lrwxrwxrwx " + entry.Header.Linkname
				} else if !entry.Header.FileInfo().IsDir() {
					want += " " + string(entry.Content)
				}

				if layout[name] != want || tarball[name] != want {
					t.Errorf("%s is not what the image holds", name)
				}
			}
		})
	}
}
