// Command gotypes prints what go/types knows of every call in some packages of the standard library, one JSON object a line,
// and one record with the parenthesis at -1 for every file. The light inference is compared with it.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/build"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"strings"
)

// record is one call: where its parenthesis opens, what it calls and what it gives.
type record struct {
	File     string   `json:"file"`
	Paren    int      `json:"paren"`
	Line     int      `json:"line"`
	Kind     string   `json:"kind"`
	Name     string   `json:"name"`
	Declared string   `json:"declared"`
	Results  []string `json:"results"`
}

func main() {
	build.Default.CgoEnabled = false
	build.Default.GOROOT = os.Getenv("GOROOT")
	fset := token.NewFileSet()
	imports := importer.ForCompiler(fset, "source", nil)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for _, path := range os.Args[1:] {
		if err := dump(fset, imports, path, json.NewEncoder(out)); err != nil {
			fmt.Fprintln(os.Stderr, path, err)
		}
	}
}

func dump(fset *token.FileSet, imports types.Importer, path string, out *json.Encoder) error {
	dir := filepath.Join(build.Default.GOROOT, "src", path)
	found, err := build.Default.ImportDir(dir, 0)
	if err != nil {
		return err
	}
	var files []*ast.File
	for _, name := range found.GoFiles {
		file, err := parser.ParseFile(fset, filepath.Join(dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		files = append(files, file)
	}
	info := &types.Info{
		Types:      map[ast.Expr]types.TypeAndValue{},
		Uses:       map[*ast.Ident]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{},
	}
	config := types.Config{Importer: imports, FakeImportC: true, Error: func(error) {}}
	config.Check(path, fset, files, info)
	for _, file := range files {
		out.Encode(record{File: fset.Position(file.Package).Filename, Paren: -1, Results: []string{}})
		ast.Inspect(file, func(node ast.Node) bool {
			if call, ok := node.(*ast.CallExpr); ok {
				out.Encode(describe(fset, info, call))
			}
			return true
		})
	}
	return nil
}

func describe(fset *token.FileSet, info *types.Info, call *ast.CallExpr) record {
	place := fset.Position(call.Lparen)
	found := record{File: place.Filename, Paren: place.Offset, Line: place.Line, Results: []string{}}
	found.Kind, found.Name, found.Declared = callee(info, call)
	value := info.Types[call]
	switch result := value.Type.(type) {
	case nil:
	case *types.Tuple:
		for i := range result.Len() {
			found.Results = append(found.Results, text(result.At(i).Type()))
		}
	default:
		if !value.IsVoid() {
			found.Results = append(found.Results, text(types.Default(result)))
		}
	}
	return found
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
