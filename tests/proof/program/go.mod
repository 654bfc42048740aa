module proof.example

go 1.25

require (
	github.com/gin-gonic/gin v1.0.0
	github.com/redis/go-redis/v9 v9.0.0
	go.opentelemetry.io/otel/trace v1.0.0
)

replace (
	github.com/gin-gonic/gin => ./fakes/gin
	github.com/redis/go-redis/v9 => ./fakes/redis
	go.opentelemetry.io/otel/trace => ./fakes/trace
)
