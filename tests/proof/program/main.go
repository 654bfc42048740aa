// The proof: every case calls a function that leaks, and what stays behind is measured. The program is built twice, as it is and
// after caulk has mended a copy of its cases. It prints a line of JSON for each of them.
package main

import (
	"proof.example/measure"
	_ "proof.example/safe"
	_ "proof.example/unsafefixes"
)

func main() { measure.All() }
