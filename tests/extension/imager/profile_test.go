package imager

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/siderolabs/talos/pkg/imager/profile"
	"github.com/siderolabs/talos/pkg/machinery/config/merge"
	"go.yaml.in/yaml/v4"
	"ichor/tests/extension"
)

const reference = "registry.example/someone/ichor:0.1.0@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// commands of one profile, and the profile that they give to the imager, decoded and completed as the imager does.
func commands(t *testing.T, ichor, name, arch string) (string, profile.Profile) {
	t.Helper()

	out, err := exec.Command(filepath.Join(extension.Tree(t), "image/commands"), "v1.13.0", ichor, name, arch).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}

	_, text, _ := strings.Cut(string(out), "<<'PROFILE'\n")
	text, _, _ = strings.Cut(text, "PROFILE\n")

	var given profile.Profile

	decoder := yaml.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.KnownFields(true)

	if err := decoder.Decode(&given); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}

	base, known := profile.Default[given.BaseProfileName]
	if !known {
		t.Fatalf("the imager has no profile %q", given.BaseProfileName)
	}

	complete := base.DeepCopy()
	if err := merge.Merge(&complete, &given); err != nil {
		t.Fatal(err)
	}

	complete.Input.FillDefaults(complete.Arch, complete.Version, complete.SecureBootEnabled())
	complete.Output.FillDefaults(complete.Arch, complete.Version, complete.SecureBootEnabled())

	return string(out), complete
}

func TestImagerAcceptsEveryProfile(t *testing.T) {
	for _, name := range []string{"installer", "iso", "metal", "secureboot-installer", "secureboot-iso", "secureboot-metal"} {
		for _, arch := range []string{"amd64", "arm64"} {
			t.Run(name+" "+arch, func(t *testing.T) {
				out, complete := commands(t, reference, name, arch)
				if err := complete.Validate(); err != nil {
					t.Error(err)
				}

				if complete.Arch != arch || complete.Version != "v1.13.0" || complete.SecureBootEnabled() != strings.HasPrefix(name, "secureboot-") {
					t.Errorf("%+v", complete)
				}

				if inputs := complete.Input.SystemExtensions; len(inputs) != 1 || inputs[0].ImageRef != reference {
					t.Errorf("extensions %+v", inputs)
				}

				if strings.Contains(name, "installer") && !strings.Contains(out, "crane push _out/"+complete.OutputPath()) {
					t.Errorf("the imager writes %s, the commands push something else:\n%s", complete.OutputPath(), out)
				}
			})
		}
	}
}

func TestImagerFindsTheLayoutAndTheTarball(t *testing.T) {
	if _, complete := commands(t, extension.Output(t), "installer", "amd64"); complete.Input.SystemExtensions[0].OCIPath != "/ichor" {
		t.Errorf("%+v", complete.Input.SystemExtensions)
	}

	tarball := filepath.Join(extension.Output(t), "ichor-amd64.tar.zst")
	if _, complete := commands(t, tarball, "installer", "amd64"); complete.Input.SystemExtensions[0].TarballPath != "/ichor.tar" {
		t.Errorf("%+v", complete.Input.SystemExtensions)
	}
}

func TestCatalogueLinesNameTheExtensionAsTheSchematicDoes(t *testing.T) {
	out, _ := commands(t, reference, "installer", "amd64")
	_, text, _ := strings.Cut(out, "# and this schematic:\n")

	var schematic struct {
		Customization struct {
			SystemExtensions struct {
				OfficialExtensions []string `yaml:"officialExtensions"`
			} `yaml:"systemExtensions"`
		} `yaml:"customization"`
	}

	decoder := yaml.NewDecoder(strings.NewReader(text))
	decoder.KnownFields(true)

	if err := decoder.Decode(&schematic); err != nil {
		t.Fatal(err)
	}

	// A factory calls an extension what its reference calls the repository.
	if names := schematic.Customization.SystemExtensions.OfficialExtensions; len(names) != 1 || names[0] != "someone/ichor" {
		t.Errorf("schematic names %v", names)
	}

	if !strings.Contains(out, "\n"+reference+"\n") {
		t.Errorf("no line for the catalogue:\n%s", out)
	}
}

func TestCommandsRefuseWhatIsNoImage(t *testing.T) {
	for _, ichor := range []string{"registry.example/ichor:0.1.0", t.TempDir(), filepath.Join(t.TempDir(), "ichor-amd64.tar.zst")} {
		command := exec.Command(filepath.Join(extension.Tree(t), "image/commands"), "v1.13.0", ichor)
		command.Stderr = os.Stderr

		if out, err := command.Output(); err == nil || len(out) > 0 {
			t.Errorf("%s: %v %s", ichor, err, out)
		}
	}
}
