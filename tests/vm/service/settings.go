package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/pelletier/go-toml/v2"
	"github.com/siderolabs/talos/pkg/machinery/config/merge"
)

// printSettings of containerd: the directory's parts in the order of their names, merged by Talos' own rules.
func printSettings(directory string) error {
	parts, err := filepath.Glob(filepath.Join(directory, "*.part"))
	if err != nil {
		return err
	}

	merged := map[string]any{}

	for _, part := range parts {
		content, err := os.ReadFile(part)
		if err != nil {
			return err
		}

		tables := map[string]any{}
		if err := toml.Unmarshal(content, &tables); err != nil {
			return fmt.Errorf("%s: %w", part, err)
		}

		if err := merge.Merge(merged, tables); err != nil {
			return fmt.Errorf("%s: %w", part, err)
		}
	}

	return toml.NewEncoder(os.Stdout).Encode(merged)
}
