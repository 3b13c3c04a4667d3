# Topics, the push subscriptions of the three internal functions, and dead letters. Retries are kept in the record: a
# push is refused only if the store cannot be read or written, so dead letters come from an outage.

locals {
  topics = toset(["mail-send", "token-checks", "mail-dispatch", "mail-events"])

  publishing = merge([
    for function, f in local.functions : {
      for topic in f.publishes_to : "${function}/${topic}" => { function = function, topic = topic }
    }
  ]...)
}

resource "google_pubsub_topic" "this" {
  for_each = local.topics

  name                       = "${local.lead}${each.key}"
  kms_key_name               = var.kms_keys.regional
  message_retention_duration = each.key == "mail-events" && var.event_retention_days > 0 ? "${var.event_retention_days * 86400}s" : null

  depends_on = [google_project_service.required, google_kms_crypto_key_iam_member.agent]
}

resource "google_pubsub_topic_iam_member" "function_publishes" {
  for_each = local.publishing

  topic  = google_pubsub_topic.this[each.value.topic].name
  role   = "roles/pubsub.publisher"
  member = module.function[each.value.function].member
}

resource "google_pubsub_topic_iam_member" "program_publishes" {
  for_each = toset(var.topic_publishers)

  topic  = google_pubsub_topic.this["mail-send"].name
  role   = "roles/pubsub.publisher"
  member = each.key
}

resource "google_pubsub_topic_iam_member" "program_subscribes" {
  for_each = toset(var.event_subscribers)

  topic  = google_pubsub_topic.this["mail-events"].name
  role   = "roles/pubsub.subscriber"
  member = each.key
}

resource "google_pubsub_topic" "dead_letters" {
  for_each = local.pushed_functions

  name         = "${local.lead}${each.value.push_from}-dead-letters"
  kms_key_name = var.kms_keys.regional

  depends_on = [google_project_service.required, google_kms_crypto_key_iam_member.agent]
}

# Keeps dead letters until somebody has looked at them: a topic without a subscription drops its messages.
resource "google_pubsub_subscription" "dead_letters" {
  for_each = local.pushed_functions

  name                       = "${local.lead}${each.value.push_from}-dead-letters"
  topic                      = google_pubsub_topic.dead_letters[each.key].id
  message_retention_duration = "${var.dead_letter_retention_days * 86400}s"
  expiration_policy {
    ttl = ""
  }
}

resource "google_pubsub_subscription" "push" {
  for_each = local.pushed_functions

  name                       = "${local.lead}${each.value.push_from}-to-${each.key}"
  topic                      = google_pubsub_topic.this[each.value.push_from].id
  ack_deadline_seconds       = each.value.ack_deadline_s
  message_retention_duration = "604800s"

  push_config {
    push_endpoint = module.function[each.key].uri
    oidc_token {
      service_account_email = module.function[each.key].push_service_account_email
      audience              = module.function[each.key].uri
    }
  }

  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.dead_letters[each.key].id
    max_delivery_attempts = 20
  }

  expiration_policy {
    ttl = ""
  }
}

# Without these two grants to Pub/Sub's own agent, dead-lettering silently does nothing.
resource "google_pubsub_topic_iam_member" "dead_letter_publisher" {
  for_each = local.pushed_functions

  topic  = google_pubsub_topic.dead_letters[each.key].name
  role   = "roles/pubsub.publisher"
  member = local.agents.pubsub
}

resource "google_pubsub_subscription_iam_member" "dead_letter_subscriber" {
  for_each = local.pushed_functions

  subscription = google_pubsub_subscription.push[each.key].name
  role         = "roles/pubsub.subscriber"
  member       = local.agents.pubsub
}
