package unsafefixes

import (
	"context"

	"github.com/gin-gonic/gin"
	"proof.example/measure"
)

func init() {
	measure.Add(measure.Case{Rule: "gin-context-as-context", Signal: measure.Goroutines, Calls: 100, Run: func(e *measure.Env, call int) string {
		ctx, hangUp := context.WithCancel(e.Root)
		go gin.Serve(untilClientHangsUp, measure.Request("/events").WithContext(ctx))
		hangUp()
		return ""
	}})
}

func untilClientHangsUp(c *gin.Context) {
	<-c.Done()
}
