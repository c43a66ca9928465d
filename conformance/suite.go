//go:build suite

package main

// The live suite is compiled from its own module; this keeps what it imports in go.mod.
import (
	_ "github.com/stretchr/testify/assert"
	_ "github.com/stretchr/testify/suite"
)
