# One page of charts, from the metrics of metrics.tf.

locals {
  # Each chart: its title, a filter, how it is summed up, and by what it is split.
  charts = [
    { title = "Accepted", filter = local.metric_type.accepted, reduce = "ALIGN_RATE REDUCE_SUM", by = ["metric.label.status"] },
    { title = "Outcomes", filter = local.metric_type.messages, reduce = "ALIGN_RATE REDUCE_SUM", by = ["metric.label.to"] },
    { title = "Refused and deferred, by problem", filter = "${local.metric_type.messages} AND metric.label.to=one_of(\"failed\", \"deferred\", \"unknown\")", reduce = "ALIGN_RATE REDUCE_SUM", by = ["metric.label.problem"] },
    { title = "Accepted → Gmail has it, 99th percentile (ms)", filter = local.metric_type.handed_over, reduce = "ALIGN_DELTA REDUCE_PERCENTILE_99", by = [] },
    { title = "Due at a tick, by status", filter = local.metric_type.due, reduce = "ALIGN_DELTA REDUCE_PERCENTILE_99", by = ["metric.label.status"] },
    { title = "Longest due (ms), by status", filter = local.metric_type.overdue, reduce = "ALIGN_DELTA REDUCE_PERCENTILE_99", by = ["metric.label.status"] },
    { title = "Checks of grants, by what they found", filter = local.metric_type.checks, reduce = "ALIGN_RATE REDUCE_SUM", by = ["metric.label.kind", "metric.label.state"] },
    { title = "Grants ended, by reason", filter = local.metric_type.reconnect, reduce = "ALIGN_RATE REDUCE_SUM", by = ["metric.label.reason"] },
    { title = "Refused credentials", filter = local.metric_type.refusals, reduce = "ALIGN_RATE REDUCE_SUM", by = ["metric.label.credential"] },
    { title = "Errors, by code", filter = local.metric_type.errors, reduce = "ALIGN_RATE REDUCE_SUM", by = ["metric.label.code"] },
    { title = "Requests, by answer", filter = local.requests, reduce = "ALIGN_RATE REDUCE_SUM", by = ["metric.label.response_code_class"] },
    { title = "Oldest push that waits (s)", filter = "metric.type=\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\" AND resource.type=\"pubsub_subscription\" AND resource.label.subscription_id=one_of(${join(", ", [for s in google_pubsub_subscription.push : "\"${s.name}\""])})", reduce = "ALIGN_MAX REDUCE_MAX", by = ["resource.label.subscription_id"] },
  ]
}

resource "google_monitoring_dashboard" "relais" {
  dashboard_json = jsonencode({
    displayName = local.title
    gridLayout = {
      columns = 3
      widgets = [for chart in local.charts : {
        title = chart.title
        xyChart = {
          dataSets = [{
            plotType = "LINE"
            timeSeriesQuery = {
              timeSeriesFilter = {
                filter = chart.filter
                aggregation = {
                  alignmentPeriod    = "300s"
                  perSeriesAligner   = split(" ", chart.reduce)[0]
                  crossSeriesReducer = split(" ", chart.reduce)[1]
                  groupByFields      = chart.by
                }
              }
            }
          }]
        }
      }]
    }
  })

  depends_on = [module.function]
}
