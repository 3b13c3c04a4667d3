# Alarms for operators. Each one carries its runbook, which a test checks; var.notification_channels says who is told.

locals {
  # The chapter of each alarm, by what follows "Relais: " in its name: an alarm without one cannot be planned.
  # Monitoring takes 8 KiB of documentation.
  playbook = {
    for chapter in slice(local.chapters, 1, length(local.chapters)) :
    split("\n", chapter)[0] => "## Relais: ${chapter}"
  }
  chapters = split("\n## Relais: ", file("${path.module}/playbooks/alarms.md"))

  # An @domain among operators is no address that mail could go to.
  operator_addresses    = toset([for entry in var.operators : entry if !startswith(entry, "@")])
  notification_channels = var.notification_channels != null ? var.notification_channels : [for channel in google_monitoring_notification_channel.operator : channel.id]
}

resource "google_monitoring_notification_channel" "operator" {
  for_each = var.notification_channels == null ? local.operator_addresses : []

  display_name = "${local.title}: ${each.key}"
  type         = "email"
  labels       = { email_address = each.key }

  depends_on = [google_project_service.required]
}

# These codes are bugs or intruders, so one line is enough. Outages are in objectives.tf: an error that passes wakes
# nobody. A killed instance has no code.
locals {
  defects = ["request_defect", "push_defect", "dispatch_defect", "push_malformed", "push_refused", "event_lost", ""]
  refused = ["oauth_client_rejected"]

  error_alarms = {
    "defects"              = local.defects
    "OAuth client refused" = local.refused
  }
}

resource "google_monitoring_alert_policy" "errors" {
  for_each = local.error_alarms

  display_name          = "${local.title}: ${each.key}"
  combiner              = "OR"
  notification_channels = local.notification_channels

  conditions {
    display_name = "A log line with one of these codes"
    condition_threshold {
      filter          = "${local.metric_type.errors} AND metric.label.code=one_of(${join(", ", [for code in each.value : "\"${code}\""])})"
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"
      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["metric.label.code"]
      }
    }
  }

  documentation {
    subject = "${local.title}: ${each.key}"
    content = local.playbook[each.key]
  }

  depends_on = [module.function]
}

# Gmail puts most mail off: a limit, a block, or an outage of Gmail's.
resource "google_monitoring_alert_policy" "deferrals" {
  display_name          = "${local.title}: deferrals"
  combiner              = "OR"
  notification_channels = local.notification_channels

  conditions {
    display_name = "Gmail defers more mail than it takes, for half an hour"
    condition_threshold {
      filter             = "${local.metric_type.messages} AND metric.label.to=\"deferred\""
      denominator_filter = "${local.metric_type.messages} AND metric.label.to=one_of(\"sent\", \"deferred\")"
      comparison         = "COMPARISON_GT"
      threshold_value    = 0.5
      duration           = "1800s"
      aggregations {
        alignment_period     = "900s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
      }
      denominator_aggregations {
        alignment_period     = "900s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    subject = "${local.title}: deferrals"
    content = local.playbook["deferrals"]
  }

  depends_on = [module.function]
}

resource "google_monitoring_alert_policy" "quota" {
  display_name          = "${local.title}: quota"
  combiner              = "OR"
  notification_channels = local.notification_channels

  conditions {
    display_name = "Google refused something because of the project's quota"
    condition_threshold {
      filter          = "metric.type=\"serviceruntime.googleapis.com/quota/exceeded\" AND resource.type=\"consumer_quota\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"
      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_COUNT_TRUE"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["metric.label.quota_metric"]
      }
    }
  }

  documentation {
    subject = "${local.title}: quota"
    content = local.playbook["quota"]
  }

  depends_on = [google_project_service.required]
}

# From outside, through Hosting, as programs and people come.
resource "google_monitoring_uptime_check_config" "health" {
  display_name = "${local.title}: /health"
  timeout      = "10s"
  period       = "300s"

  http_check {
    path         = "/health"
    port         = 443
    use_ssl      = true
    validate_ssl = true
  }
  content_matchers {
    content = "\"version\""
    matcher = "CONTAINS_STRING"
  }
  monitored_resource {
    type   = "uptime_url"
    labels = { project_id = var.project_id, host = split("/", var.public_url)[2] }
  }

  depends_on = [google_project_service.required]
}

resource "google_monitoring_alert_policy" "unreachable" {
  display_name          = "${local.title}: unreachable"
  combiner              = "OR"
  notification_channels = local.notification_channels

  conditions {
    display_name = "/health does not answer to most of the world"
    condition_threshold {
      filter          = "metric.type=\"monitoring.googleapis.com/uptime_check/check_passed\" AND resource.type=\"uptime_url\" AND metric.label.check_id=\"${google_monitoring_uptime_check_config.health.uptime_check_id}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 1
      duration        = "600s"
      aggregations {
        alignment_period     = "600s"
        per_series_aligner   = "ALIGN_NEXT_OLDER"
        cross_series_reducer = "REDUCE_COUNT_FALSE"
      }
    }
  }

  documentation {
    subject = "${local.title}: unreachable"
    content = local.playbook["unreachable"]
  }
}

resource "google_billing_budget" "month" {
  for_each = var.budget == null ? {} : { month = var.budget }

  billing_account = each.value.billing_account
  display_name    = local.title

  budget_filter {
    projects = ["projects/${data.google_project.this.number}"]
  }
  amount {
    specified_amount {
      units = tostring(each.value.amount)
    }
  }
  dynamic "threshold_rules" {
    for_each = [0.5, 0.9, 1]
    content {
      threshold_percent = threshold_rules.value
    }
  }
  all_updates_rule {
    # A budget takes no more than five.
    monitoring_notification_channels = slice(local.notification_channels, 0, min(5, length(local.notification_channels)))
  }

  depends_on = [google_project_service.required]
}

resource "google_monitoring_alert_policy" "dead_letters" {
  display_name          = "${local.title}: dead letters"
  combiner              = "OR"
  notification_channels = local.notification_channels

  conditions {
    display_name = "A message that no function could take"
    condition_threshold {
      filter          = "resource.type=\"pubsub_subscription\" AND resource.label.subscription_id=one_of(${join(", ", [for s in google_pubsub_subscription.dead_letters : "\"${s.name}\""])}) AND metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"
      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_MAX"
        cross_series_reducer = "REDUCE_MAX"
        group_by_fields      = ["resource.label.subscription_id"]
      }
    }
  }

  documentation {
    subject = "${local.title}: dead letters"
    content = local.playbook["dead letters"]
  }

  depends_on = [google_project_service.required]
}

# A function that cannot start logs no code, and its pushes become dead letters only after hours. A stopped Scheduler
# causes no error at all.
resource "google_monitoring_alert_policy" "standstill" {
  display_name          = "${local.title}: standstill"
  combiner              = "OR"
  notification_channels = local.notification_channels

  conditions {
    display_name = "A push has waited for a quarter of an hour"
    condition_threshold {
      filter          = "resource.type=\"pubsub_subscription\" AND resource.label.subscription_id=one_of(${join(", ", [for s in google_pubsub_subscription.push : "\"${s.name}\""])}) AND metric.type=\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\""
      comparison      = "COMPARISON_GT"
      threshold_value = 900
      duration        = "300s"
      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_MAX"
        cross_series_reducer = "REDUCE_MAX"
        group_by_fields      = ["resource.label.subscription_id"]
      }
    }
  }

  conditions {
    display_name = "A tick has not come for an hour"
    condition_absent {
      filter   = "resource.type=\"cloud_run_revision\" AND resource.label.service_name=one_of(${join(", ", [for name in ["refresh-tokens", "dispatch-due"] : "\"${local.services[name]}\""])}) AND metric.type=\"run.googleapis.com/request_count\""
      duration = "3600s"
      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["resource.label.service_name"]
      }
    }
  }

  documentation {
    subject = "${local.title}: standstill"
    content = local.playbook["standstill"]
  }

  depends_on = [module.function]
}
