// Command gotypes prints what go/types knows of every call in some packages, one JSON object a line, and one record with the
// parenthesis at -1 for every file. The light inference is compared with it.
//
//	gotypes [-tests] [-vendor directory] package...
//
// A package is an import path below the vendor directory, or of the standard library.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"strings"
)

// record is one call: where its parenthesis opens, what it calls and what it gives.
type record struct {
	File       string   `json:"file"`
	Paren      int      `json:"paren"`
	Line       int      `json:"line"`
	Kind       string   `json:"kind"`
	Name       string   `json:"name"`
	Declared   string   `json:"declared"`
	Results    []string `json:"results"`
	Releasable bool     `json:"releasable"`
}

var (
	fset    = token.NewFileSet()
	context = build.Default
	vendor  string
	loaded  = map[string]*types.Package{}
)

func main() {
	tests := flag.Bool("tests", false, "with the test files")
	flag.StringVar(&vendor, "vendor", "", "a vendor directory")
	flag.Parse()
	context.CgoEnabled = true // files with cgo are part of the default configuration
	context.GOROOT = os.Getenv("GOROOT")
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for _, path := range flag.Args() {
		if err := dump(path, *tests, json.NewEncoder(out)); err != nil {
			fmt.Fprintln(os.Stderr, path, err)
		}
	}
}

// directory is where a package lies: below the vendor directory when it is there, else in GOROOT.
func directory(path string) string {
	if vendored := filepath.Join(vendor, path); vendor != "" && isDirectory(vendored) {
		return vendored
	}
	return filepath.Join(context.GOROOT, "src", path)
}

func isDirectory(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// sources imports packages from their sources, without the bodies of functions.
type sources struct{}

func (sources) Import(path string) (*types.Package, error) { return sources{}.ImportFrom(path, "", 0) }

func (s sources) ImportFrom(path, from string, _ types.ImportMode) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	if strings.HasPrefix(path, "golang.org/x/") && strings.HasPrefix(from, filepath.Join(context.GOROOT, "src")) {
		path = "vendor/" + path
	}
	if known, ok := loaded[path]; ok {
		if known == nil {
			return nil, fmt.Errorf("no %s", path)
		}
		return known, nil
	}
	loaded[path] = nil
	dir := directory(path)
	found, err := context.ImportDir(dir, 0)
	if err != nil {
		return nil, err
	}
	files, err := parse(dir, append(found.GoFiles, found.CgoFiles...))
	if err != nil {
		return nil, err
	}
	config := types.Config{Importer: s, FakeImportC: true, IgnoreFuncBodies: true, Error: func(error) {}}
	loaded[path], _ = config.Check(path, fset, files, nil)
	return loaded[path], nil
}

func parse(dir string, names []string) ([]*ast.File, error) {
	var files []*ast.File
	for _, name := range names {
		file, err := parser.ParseFile(fset, filepath.Join(dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, nil
}

// dump prints the calls of a package, with tests also those of its tests and of the package p_test beside it.
func dump(path string, tests bool, out *json.Encoder) error {
	dir := directory(path)
	found, err := context.ImportDir(dir, 0)
	if err != nil {
		return err
	}
	names := append(found.GoFiles, found.CgoFiles...)
	if tests {
		names = append(names, found.TestGoFiles...)
	}
	checked, err := check(path, dir, names, out)
	if err != nil || !tests || len(found.XTestGoFiles) == 0 {
		return err
	}
	before := loaded[path]
	loaded[path] = checked // p_test sees what the tests inside p declare
	_, err = check(path+"_test", dir, found.XTestGoFiles, out)
	loaded[path] = before
	return err
}

func check(path, dir string, names []string, out *json.Encoder) (*types.Package, error) {
	files, err := parse(dir, names)
	if err != nil {
		return nil, err
	}
	info := &types.Info{
		Types:      map[ast.Expr]types.TypeAndValue{},
		Uses:       map[*ast.Ident]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{},
	}
	config := types.Config{Importer: sources{}, FakeImportC: true, Error: func(error) {}}
	checked, _ := config.Check(path, fset, files, info)
	for _, file := range files {
		out.Encode(record{File: fset.Position(file.Package).Filename, Paren: -1, Results: []string{}})
		ast.Inspect(file, func(node ast.Node) bool {
			if call, ok := node.(*ast.CallExpr); ok {
				out.Encode(describe(info, call))
			}
			return true
		})
	}
	return checked, nil
}

func describe(info *types.Info, call *ast.CallExpr) record {
	place := fset.Position(call.Lparen)
	found := record{File: place.Filename, Paren: place.Offset, Line: place.Line, Results: []string{}}
	found.Kind, found.Name, found.Declared = callee(info, call)
	value := info.Types[call]
	switch result := value.Type.(type) {
	case nil:
		found.Results = append(found.Results, "?")
	case *types.Tuple:
		for i := range result.Len() {
			found.Results = append(found.Results, text(result.At(i).Type()))
			found.Releasable = found.Releasable || releasable(result.At(i).Type())
		}
	default:
		if !value.IsVoid() {
			found.Results = append(found.Results, text(types.Default(result)))
			found.Releasable = releasable(result)
		}
	}
	return found
}

var releases = map[string]bool{"Close": true, "Stop": true, "Release": true, "Rollback": true, "Shutdown": true,
	"Disconnect": true, "End": true, "Cancel": true, "Unsubscribe": true, "Free": true, "Done": true}

// releasable says whether a value has a method that gives something back, or is a context's cancel or a response.
func releasable(t types.Type) bool {
	if shown := text(t); shown == "*net/http.Response" || strings.HasPrefix(shown, "context.Cancel") {
		return true
	}
	if _, ok := t.Underlying().(*types.Interface); !ok {
		if _, ok := t.(*types.Pointer); !ok {
			t = types.NewPointer(t)
		}
	}
	methods := types.NewMethodSet(t)
	for i := range methods.Len() {
		if releases[methods.At(i).Obj().Name()] {
			return true
		}
	}
	return false
}

func callee(info *types.Info, call *ast.CallExpr) (kind, name, declared string) {
	fun := ast.Unparen(call.Fun)
	if value := info.Types[fun]; value.IsType() {
		return "conversion", "", ""
	} else if value.IsBuiltin() {
		if selector, ok := fun.(*ast.SelectorExpr); ok {
			return "builtin", selector.Sel.Name, ""
		}
		return "builtin", fun.(*ast.Ident).Name, ""
	}
	switch index := fun.(type) {
	case *ast.IndexExpr:
		if _, instance := info.Types[index.X].Type.(*types.Signature); !instance {
			return "value", "", ""
		}
		fun = ast.Unparen(index.X)
	case *ast.IndexListExpr:
		fun = ast.Unparen(index.X)
	}
	var id *ast.Ident
	switch fun := fun.(type) {
	case *ast.Ident:
		id = fun
	case *ast.FuncLit:
		return "literal", "", ""
	case *ast.SelectorExpr:
		id = fun.Sel
		if selection, ok := info.Selections[fun]; ok {
			if selection.Kind() != types.MethodVal {
				return "value", "", ""
			}
			method := selection.Obj().(*types.Func).Origin()
			declared := typeName(method.Signature().Recv().Type())
			base := typeName(selection.Recv())
			if base == "" {
				base = declared
			}
			return "method", join(base, method.Name()), join(declared, method.Name())
		}
	default:
		return "value", "", ""
	}
	function, ok := info.Uses[id].(*types.Func)
	if !ok {
		if info.Uses[id] == nil {
			return "bad", "", ""
		}
		return "value", "", ""
	}
	name = join(function.Pkg().Path(), function.Name())
	return "function", name, name
}

func join(parts ...string) string {
	return strings.TrimPrefix(strings.Join(parts, "."), ".")
}

// typeName is the path and name of a named type behind pointers.
func typeName(t types.Type) string {
	t = types.Unalias(t)
	if pointer, ok := t.(*types.Pointer); ok {
		t = types.Unalias(pointer.Elem())
	}
	switch t := t.(type) {
	case *types.Named:
		if t.Obj().Pkg() == nil {
			return t.Obj().Name()
		}
		return join(t.Obj().Pkg().Path(), t.Obj().Name())
	}
	return ""
}

func text(t types.Type) string {
	switch t := types.Unalias(t).(type) {
	case *types.Basic:
		switch t.Kind() {
		case types.Byte:
			return "uint8"
		case types.Rune:
			return "int32"
		case types.Invalid:
			return "?"
		case types.UnsafePointer:
			return "unsafe.Pointer"
		}
		return t.Name()
	case *types.Named:
		return typeName(t) + arguments(t)
	case *types.Pointer:
		return "*" + text(t.Elem())
	case *types.Slice:
		return "[]" + text(t.Elem())
	case *types.Array:
		return "[N]" + text(t.Elem())
	case *types.Map:
		return "map[" + text(t.Key()) + "]" + text(t.Elem())
	case *types.Chan:
		return [...]string{"chan ", "chan<- ", "<-chan "}[t.Dir()] + text(t.Elem())
	case *types.Signature:
		return "func(" + list(t.Params()) + ")(" + list(t.Results()) + ")"
	case *types.Struct:
		return "struct"
	case *types.Interface:
		return "interface"
	case *types.TypeParam:
		return "$" + t.Obj().Name()
	}
	return "?"
}

func arguments(t *types.Named) string {
	var args []string
	for i := range t.TypeArgs().Len() {
		args = append(args, text(t.TypeArgs().At(i)))
	}
	if len(args) == 0 {
		return ""
	}
	return "[" + strings.Join(args, ",") + "]"
}

func list(tuple *types.Tuple) string {
	var parts []string
	for i := range tuple.Len() {
		parts = append(parts, text(tuple.At(i).Type()))
	}
	return strings.Join(parts, ",")
}
