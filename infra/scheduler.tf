# Two ticks. They only publish; the functions fan out the work and resume it.

locals {
  ticks = {
    check-tokens = { topic = "token-checks", every = var.tick_minutes.check_tokens }
    dispatch-due = { topic = "mail-dispatch", every = var.tick_minutes.dispatch_due }
  }
}

resource "google_cloud_scheduler_job" "tick" {
  for_each = local.ticks

  name      = "${local.lead}relais-${each.key}"
  region    = var.region
  schedule  = each.value.every == 1 ? "* * * * *" : "*/${each.value.every} * * * *"
  time_zone = "Etc/UTC"

  pubsub_target {
    topic_name = google_pubsub_topic.this[each.value.topic].id
    data       = base64encode(jsonencode({ tick = true }))
    attributes = { relais = "tick" }
  }

  depends_on = [google_project_service.required]
}
