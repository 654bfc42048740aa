package safe

import (
	"fmt"

	"github.com/gin-gonic/gin"
	"proof.example/measure"
)

func init() {
	greeted := greeting()
	measure.Add(measure.Case{Rule: "shared-request-state", Signal: measure.Count("answers to another user", mixedUp), Calls: 100, Run: func(e *measure.Env, call int) string {
		visit(greeted, "ann", func(*gin.Context) { visit(greeted, "bob", func(*gin.Context) {}) })
		return ""
	}})
}

var mixed int

func mixedUp() int { return mixed }

// visit sends a request of the user; more happens while it is answered.
func visit(handler gin.HandlerFunc, user string, more gin.HandlerFunc) {
	if gin.Through(handler, more, measure.Request("/", "X-User", user)) != "hello "+user {
		mixed++
	}
}

func greeting() gin.HandlerFunc {
	var user string
	return func(c *gin.Context) {
		user = c.GetHeader("X-User")
		c.Next()
		fmt.Fprintf(c.Writer, "hello %s", user)
	}
}
