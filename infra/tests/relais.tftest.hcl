# Providers are mocked: no credentials, no network, and made-up values for what only Google knows.

mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
}
mock_provider "archive" {}
mock_provider "time" {}

variables {
  project_id = "relais-test"
  public_url = "https://relais.example.com"
  operators  = ["ada@example.com"]
}

# A run costs a plan, so each takes, or refuses, as many variables as it can.
run "takes_documents_on_demand" {
  command = plan
  variables {
    documents = { collection = "tenants/{tenant}/mail", default_from = "Ada <ada@example.com>", ttl_expire_type = "day" }
    budget    = { billing_account = "012345-6789AB-CDEF01", amount = 20 }

    notification_channels = []
  }

  assert {
    condition     = length(module.function) == 8
    error_message = "mail-documents is the eighth function"
  }
  assert {
    condition     = output.redirect_uri == "https://relais.example.com/google_gmail/confirm"
    error_message = "the redirect URI is the public URL's callback"
  }
  assert {
    condition     = google_eventarc_trigger.documents[0].location == "eur3"
    error_message = "without a location of its own, the trigger is where the records are"
  }
  assert {
    condition     = length(google_project_iam_member.documents) == 0
    error_message = "documents in the database of the records need no further rights"
  }
  assert {
    condition     = google_firestore_field.documents_time_to_live[0].collection == "mail"
    error_message = "a TTL policy is of a collection group, which has the last name of the path"
  }
  assert {
    condition     = length(google_monitoring_notification_channel.operator) + length(google_monitoring_alert_policy.documents[0].notification_channels) == 0
    error_message = "with an empty list of channels, alarms tell nobody"
  }
  assert {
    condition     = length(google_billing_budget.month["month"].all_updates_rule[0].monitoring_notification_channels) == 0
    error_message = "with an empty list of channels, a budget tells nobody but the billing account's own people"
  }
}

run "refuses_what_no_function_starts_with" {
  command = plan
  variables {
    public_url     = "http://relais.example.com"
    retention_days = 4000
    operators      = ["ada"]
    members        = ["ada@example.com, grace@example.com"]
    callers        = ["erp@"]
    refresh_tokens = "vault"
    documents      = { collection = "tenants/mail" }
  }
  expect_failures = [
    var.public_url, var.retention_days, var.operators, var.members, var.callers, var.refresh_tokens, var.documents,
  ]
}

run "refuses_a_trailing_slash_and_nobody_as_operator" {
  command = plan
  variables {
    public_url = "https://relais.example.com/"
    operators  = []
  }
  expect_failures = [var.public_url, var.operators]
}

run "deploys_seven_functions_takes_names_from_the_prefix_tells_the_operators_of_alarms_and_has_a_load_balancer_on_demand" {
  command = plan
  variables {
    prefix    = "eu"
    edge      = { domain = "relais.example.com" }
    operators = ["ada@example.com", "@example.com"]
  }

  assert {
    condition     = length(module.function) == 7
    error_message = "without documents, there are seven functions"
  }
  assert {
    condition     = output.names.database == "relais-eu" && output.names.topics["mail-send"] == "eu-mail-send"
    error_message = "the prefix begins every name"
  }
  assert {
    condition     = output.environment.RELAIS_PREFIX == "eu"
    error_message = "the functions know the prefix"
  }
  assert {
    condition     = length(module.edge) == 1 && local.public_ingress == "ALLOW_INTERNAL_AND_GCLB"
    error_message = "with a load balancer, nobody calls the functions past it"
  }
  assert {
    condition     = join(",", keys(google_monitoring_notification_channel.operator)) == "ada@example.com"
    error_message = "alarms go to the addresses among the operators"
  }
}
