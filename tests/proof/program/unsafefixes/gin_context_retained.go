package unsafefixes

import (
	"strconv"

	"github.com/gin-gonic/gin"
	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "gin-context-retained", Signal: measure.Count("looks at another request", mixedUp), Calls: 100, Run: func(e *measure.Env, call int) string {
		page := "/pages/" + strconv.Itoa(call)
		gin.Serve(browse, measure.Request(page))
		gin.Serve(func(*gin.Context) {}, measure.Request("/health"))
		if lastPath() != page {
			mixed++
		}
		return ""
	}})
}

var mixed int

func mixedUp() int { return mixed }

var last *gin.Context

func browse(c *gin.Context) {
	last = c
}

func lastPath() string { return last.FullPath() }
