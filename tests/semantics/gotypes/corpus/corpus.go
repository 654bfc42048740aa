// Package corpus names the modules that the light inference is held against go/types on.
package corpus

import (
	_ "github.com/gin-gonic/gin"
	_ "github.com/jackc/pgx/v5/pgxpool"
	_ "github.com/jmoiron/sqlx"
	_ "github.com/nats-io/nats.go/jetstream"
	_ "github.com/prometheus/client_golang/prometheus/promhttp"
	_ "github.com/prometheus/client_golang/api/prometheus/v1"
	_ "github.com/redis/go-redis/v9"
	_ "github.com/segmentio/kafka-go"
	_ "github.com/spf13/cobra"
	_ "go.uber.org/zap"
	_ "gorm.io/gorm"
)
