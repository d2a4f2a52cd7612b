package extension

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/blang/semver/v4"
	"github.com/siderolabs/talos/pkg/machinery/constants"
	"github.com/siderolabs/talos/pkg/machinery/extensions"
)

const (
	container = "rootfs/usr/local/lib/containers/ichor/"
	service   = "rootfs/usr/local/etc/containers/ichor.yaml"
)

func forEachArchitecture(t *testing.T, test func(t *testing.T, arch string)) {
	for _, arch := range Architectures() {
		t.Run(arch, func(t *testing.T) { test(t, arch) })
	}
}

// unpack an image as Talos finds it.
func unpack(t *testing.T, arch string) string {
	t.Helper()

	root := t.TempDir()

	for _, entry := range Entries(t, Output(t), arch) {
		name := filepath.Join(root, entry.Header.Name)

		var err error

		switch entry.Header.Typeflag {
		case tar.TypeDir:
			err = os.Mkdir(name, entry.Header.FileInfo().Mode().Perm())
		case tar.TypeSymlink:
			err = os.Symlink(entry.Header.Linkname, name)
		default:
			err = os.WriteFile(name, entry.Content, entry.Header.FileInfo().Mode().Perm())
		}

		if err != nil {
			t.Fatal(err)
		}
	}

	return root
}

func find(t *testing.T, entries []Entry, name string) Entry {
	t.Helper()

	for _, entry := range entries {
		if entry.Header.Name == name {
			return entry
		}
	}

	t.Fatalf("no %s in the image", name)

	return Entry{}
}

func TestTalosLoadsAndValidatesTheExtension(t *testing.T) {
	forEachArchitecture(t, func(t *testing.T, arch string) {
		extension, err := extensions.Load(unpack(t, arch))
		if err != nil {
			t.Fatal(err)
		}

		for _, talos := range []string{"1.12.0", "1.13.0", "1.14.0-rc.1", "1.15.0-alpha.0"} {
			version := semver.MustParse(talos)

			err := extension.Validate(extensions.WithTalosVersion(&version), extensions.WithValidateConstraints(), extensions.WithValidateContents())
			if err != nil {
				t.Errorf("%s: %v", talos, err)
			}
		}

		old := semver.MustParse("1.11.5")
		if extension.Validate(extensions.WithTalosVersion(&old), extensions.WithValidateConstraints()) == nil {
			t.Error("a Talos with an older kernel is accepted")
		}
	})
}

func TestManifestNamesTheVersionOfTheBuild(t *testing.T) {
	version := regexp.MustCompile(`project\(ichor VERSION (\S+)`).FindSubmatch(Read(t, Tree(t), "CMakeLists.txt"))[1]

	forEachArchitecture(t, func(t *testing.T, arch string) {
		extension, err := extensions.Load(unpack(t, arch))
		if err != nil {
			t.Fatal(err)
		}

		metadata := extension.Manifest.Metadata
		if metadata.Name != "ichor" || metadata.Version != string(version) {
			t.Errorf("%s %s, not ichor %s", metadata.Name, metadata.Version, version)
		}
		// Talos makes a node label of it.
		if !regexp.MustCompile(`^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`).MatchString(metadata.Version) {
			t.Errorf("%q is no value of a label", metadata.Version)
		}
	})
}

// What Talos' own code does not look at: it keeps the modes of directories, which are laid over the OS' own, makes missing ones 0700, and
// empties hard links.
func TestEveryDirectoryIsThereAndEntersTheOverlayAs0755(t *testing.T) {
	forEachArchitecture(t, func(t *testing.T, arch string) {
		seen := map[string]bool{".": true}

		for _, entry := range Entries(t, Output(t), arch) {
			header := entry.Header
			name := strings.TrimSuffix(header.Name, "/")

			if !seen[path.Dir(name)] {
				t.Errorf("%s comes before its directory", name)
			}

			if seen[name] || path.Clean(name) != name || path.IsAbs(name) || strings.HasPrefix(name, "..") {
				t.Errorf("%q is a name twice, or no clean one", header.Name)
			}

			seen[name] = true

			if header.Uid != 0 || header.Gid != 0 || header.Uname != "" || header.Gname != "" || header.ModTime.Unix() != 0 {
				t.Errorf("%s: owner %d:%d %s:%s, time %s", name, header.Uid, header.Gid, header.Uname, header.Gname, header.ModTime)
			}

			switch header.Typeflag {
			case tar.TypeDir:
				if header.Mode != 0o755 {
					t.Errorf("%s has mode %o", name, header.Mode)
				}
			case tar.TypeReg:
				if header.Mode != 0o644 && header.Mode != 0o755 {
					t.Errorf("%s has mode %o", name, header.Mode)
				}
			case tar.TypeSymlink:
				if path.IsAbs(header.Linkname) || !strings.HasPrefix(name, container) {
					t.Errorf("%s -> %s leads out of the container", name, header.Linkname)
				}
			default:
				t.Errorf("%s is of type %c", name, header.Typeflag)
			}
		}
	})
}

// A prefix such as /usr/local also allows /usr/locale in Talos' own check.
func TestFilesAreWhereTheyAreMeantToBe(t *testing.T) {
	want := []string{
		"manifest.yaml",
		"rootfs/etc/cri/conf.d/10-ichor.part",
		service,
		container + "ichor-agent",
		container + "usr/local/etc/ichor/values.yaml",
		container + "var/run",
		"rootfs/usr/local/lib/ichor/cni/ichor-cni",
		"rootfs" + constants.ExtensionSPDXPath + "/ichor.spdx.json",
	}

	forEachArchitecture(t, func(t *testing.T, arch string) {
		var files []string

		for _, entry := range Entries(t, Output(t), arch) {
			if entry.Header.Typeflag != tar.TypeDir {
				files = append(files, entry.Header.Name)
			}
		}

		slices.Sort(want)
		slices.Sort(files)

		if !slices.Equal(want, files) {
			t.Errorf("files\n%s\nexpected\n%s", strings.Join(files, "\n"), strings.Join(want, "\n"))
		}
	})
}

func TestExecutablesAreStaticAndOfTheirArchitecture(t *testing.T) {
	machines := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}

	forEachArchitecture(t, func(t *testing.T, arch string) {
		entries := Entries(t, Output(t), arch)

		for _, name := range []string{container + "ichor-agent", "rootfs/usr/local/lib/ichor/cni/ichor-cni"} {
			file, err := elf.NewFile(bytes.NewReader(find(t, entries, name).Content))
			if err != nil {
				t.Fatal(err)
			}

			libraries, err := file.ImportedLibraries()
			if err != nil || len(libraries) != 0 || slices.ContainsFunc(file.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }) {
				t.Errorf("%s needs %v %v", name, libraries, err)
			}

			if file.Machine != machines[arch] {
				t.Errorf("%s is for %s", name, file.Machine)
			}
		}
	})
}

func TestTarballIsAtMost6MiB(t *testing.T) {
	forEachArchitecture(t, func(t *testing.T, arch string) {
		size := len(Read(t, Output(t), "ichor-"+arch+".tar.zst"))

		t.Logf("%.2f MiB", float64(size)/(1<<20))

		if size > 6<<20 {
			t.Errorf("%d bytes", size)
		}
	})
}

func TestIndexHoldsTheManifestsAndEveryBlobItsDigest(t *testing.T) {
	var architectures []string

	for _, entry := range ReadIndex(t, Output(t)).Manifests {
		architectures = append(architectures, entry.Platform.Architecture)

		if entry.MediaType != "application/vnd.oci.image.manifest.v1+json" {
			t.Errorf("the index holds a %s", entry.MediaType)
		}
	}

	if !slices.Equal(architectures, Architectures()) {
		t.Errorf("the index holds %v, built are %v", architectures, Architectures())
	}

	blobs, err := filepath.Glob(filepath.Join(Output(t), "blobs/sha256/*"))
	if err != nil || len(blobs) != 3*len(architectures) {
		t.Errorf("%d blobs: %v", len(blobs), err)
	}

	for _, blob := range blobs {
		digest := sha256.Sum256(Read(t, blob))
		if hex.EncodeToString(digest[:]) != filepath.Base(blob) {
			t.Errorf("%s does not hold what it is called", blob)
		}
	}
}

func TestABuildElsewhereGivesTheSameBytes(t *testing.T) {
	if !bytes.Equal(Read(t, Output(t), "index.json"), Read(t, Again(t), "index.json")) {
		t.Error("the images differ")
	}

	forEachArchitecture(t, func(t *testing.T, arch string) {
		first, second := Entries(t, Output(t), arch), Entries(t, Again(t), arch)

		for _, entry := range first {
			if !bytes.Equal(entry.Content, find(t, second, entry.Header.Name).Content) {
				t.Errorf("%s differs", entry.Header.Name)
			}
		}

		name := "ichor-" + arch + ".tar.zst"
		if !bytes.Equal(Read(t, Output(t), name), Read(t, Again(t), name)) {
			t.Errorf("%s differs", name)
		}
	})
}

// The fields that Talos makes resources of (talosctl get sboms), and those that SPDX 2.3 demands.
func TestBillOfMaterialsIsComplete(t *testing.T) {
	type bill struct {
		SpdxVersion       string `json:"spdxVersion"`
		DocumentNamespace string `json:"documentNamespace"`
		Packages          []struct {
			Name             string `json:"name"`
			SPDXID           string `json:"SPDXID"`
			VersionInfo      string `json:"versionInfo"`
			DownloadLocation string `json:"downloadLocation"`
			LicenseDeclared  string `json:"licenseDeclared"`
			ExternalRefs     []struct {
				ReferenceLocator string `json:"referenceLocator"`
			} `json:"externalRefs"`
		} `json:"packages"`
	}

	forEachArchitecture(t, func(t *testing.T, arch string) {
		var document bill
		if err := json.Unmarshal(find(t, Entries(t, Output(t), arch), "rootfs"+constants.ExtensionSPDXPath+"/ichor.spdx.json").Content, &document); err != nil {
			t.Fatal(err)
		}

		if document.SpdxVersion != "SPDX-2.3" || document.DocumentNamespace == "" {
			t.Errorf("%+v", document)
		}

		var names []string

		for _, part := range document.Packages {
			names = append(names, part.Name)

			if part.VersionInfo == "" || part.LicenseDeclared == "" || part.DownloadLocation == "" ||
				!regexp.MustCompile(`^SPDXRef-[A-Za-z0-9.-]+$`).MatchString(part.SPDXID) {
				t.Errorf("%+v", part)
			}

			if part.Name != "ichor" && (len(part.ExternalRefs) != 1 || !strings.HasPrefix(part.ExternalRefs[0].ReferenceLocator, "pkg:deb/debian/")) {
				t.Errorf("%s has no package URL", part.Name)
			}
		}

		for _, name := range []string{"ichor", "glibc", "libbpf", "yaml-cpp"} {
			if !slices.Contains(names, name) {
				t.Errorf("%s is missing among %v", name, names)
			}
		}
	})
}
