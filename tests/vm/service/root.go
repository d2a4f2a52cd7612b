package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/siderolabs/talos/pkg/machinery/constants"
	"golang.org/x/sys/unix"
)

func rootfs(name string) string { return filepath.Join(constants.ExtensionServiceRootfsPath, name) }

// mountWritableRoot over itself, so that mount points can be made in it; what is written is memory. Returns what takes it away.
func mountWritableRoot(root string) (func(), error) {
	name := strings.ReplaceAll(strings.TrimPrefix(root, "/"), "/", "-")
	upper := filepath.Join(constants.SystemOverlaysPath, name+"-diff")
	work := filepath.Join(constants.SystemOverlaysPath, name+"-workdir")

	for _, directory := range []string{upper, work} {
		if err := os.MkdirAll(directory, 0o755); err != nil {
			return nil, err
		}
	}

	layers := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", root, upper, work)
	if err := unix.Mount("overlay", root, "overlay", unix.MS_NOSUID|unix.MS_NODEV, layers); err != nil {
		return nil, fmt.Errorf("overlay on %s: %w", root, err)
	}

	return func() { unix.Unmount(root, unix.MNT_DETACH) }, nil
}
