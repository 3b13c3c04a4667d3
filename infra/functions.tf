# The seven functions: one map, one module call. A test checks that it lists exactly the folders under functions/ with
# an index.ts. secrets.tf grants access to secrets, and pubsub.tf the right to publish.

locals {
  # Every function needs these settings.
  base_environment = {
    NODE_ENV             = "production"
    GOOGLE_CLOUD_PROJECT = var.project_id
    RELAIS_STORE         = "google"
    RELAIS_PUBLIC_URL    = var.public_url
  }

  # Initial values of settings that operators can change later, for the functions that decide who is let in.
  admission_environment = {
    RELAIS_OPERATORS = join(",", var.operators)
    RELAIS_MEMBERS   = join(",", var.members)
    RELAIS_CALLERS   = join(",", var.callers)
  }

  # For the functions that finish messages or show the settings.
  retention_environment = {
    RELAIS_RETENTION_DAYS = tostring(var.retention_days)
  }

  # For the functions that may store a refresh token, and the one that moves them.
  token_environment = {
    RELAIS_REFRESH_TOKENS = var.refresh_tokens
  }

  # The setup token acts as an operator on the functions that people and programs call.
  setup_token = {
    RELAIS_SETUP_TOKEN = google_secret_manager_secret.setup_token.secret_id
  }

  # A body has 60 s to arrive. A function that reads one needs a longer timeout, or the platform would end the request
  # before the function can answer.
  functions = {
    authorize-start = {
      public         = true
      memory         = "256Mi"
      cpu            = "1"
      concurrency    = 40
      timeout_s      = 30
      max_instances  = 5
      environment    = local.admission_environment
      secret_env     = local.setup_token
      publishes_to   = []
      push_from      = null
      ack_deadline_s = null
    }
    confirm-callback = {
      public         = true
      memory         = "256Mi"
      cpu            = "1"
      concurrency    = 20
      timeout_s      = 90
      max_instances  = 5
      environment    = merge(local.admission_environment, local.token_environment)
      secret_env     = {}
      publishes_to   = ["mail-dispatch", "mail-events", "token-checks"]
      push_from      = null
      ack_deadline_s = null
    }
    mail-servers = {
      public         = true
      memory         = "512Mi"
      cpu            = "1"
      concurrency    = 20
      timeout_s      = 90
      max_instances  = 5
      environment    = merge(local.admission_environment, local.retention_environment, local.token_environment)
      secret_env     = local.setup_token
      publishes_to   = ["mail-dispatch", "mail-events", "mail-send"]
      push_from      = null
      ack_deadline_s = null
    }
    send-mail = {
      public         = true
      memory         = "1Gi"
      cpu            = "1"
      concurrency    = 20
      timeout_s      = 90
      max_instances  = 20
      environment    = merge(local.admission_environment, local.retention_environment)
      secret_env     = local.setup_token
      publishes_to   = ["mail-events", "mail-send"]
      push_from      = null
      ack_deadline_s = null
    }
    deliver-mail = {
      public = false
      memory = "2Gi"
      cpu    = "1"
      # An instance bounds the bytes of the bodies that it holds (body-room.ts), not the number of mails.
      concurrency    = 32
      timeout_s      = 300
      max_instances  = 20
      environment    = merge(local.retention_environment, local.token_environment)
      secret_env     = {}
      publishes_to   = ["mail-dispatch", "mail-events", "mail-send"]
      push_from      = "mail-send"
      ack_deadline_s = 330
    }
    refresh-tokens = {
      public         = false
      memory         = "256Mi"
      cpu            = "1"
      concurrency    = 20
      timeout_s      = 120
      max_instances  = 10
      environment    = local.token_environment
      secret_env     = {}
      publishes_to   = ["mail-dispatch", "mail-events", "token-checks"]
      push_from      = "token-checks"
      ack_deadline_s = 150
    }
    dispatch-due = {
      public         = false
      memory         = "256Mi"
      cpu            = "1"
      concurrency    = 4
      timeout_s      = 300
      max_instances  = 4
      environment    = local.retention_environment
      secret_env     = {}
      publishes_to   = ["mail-events", "mail-send"]
      push_from      = "mail-dispatch"
      ack_deadline_s = 330
    }
  }

  pushed_functions = { for name, f in local.functions : name => f if f.push_from != null }
}

module "function" {
  source   = "./modules/function"
  for_each = local.functions

  name          = each.key
  project_id    = var.project_id
  region        = var.region
  public        = each.value.public
  pubsub_agent  = local.pubsub_agent
  memory        = each.value.memory
  cpu           = each.value.cpu
  concurrency   = each.value.concurrency
  timeout_s     = each.value.timeout_s
  max_instances = each.value.max_instances
  environment   = merge(local.base_environment, each.value.environment)
  secret_env    = each.value.secret_env

  build_service_account = google_service_account.build.id
  source_archive = {
    bucket = google_storage_bucket.sources.name
    object = google_storage_bucket_object.source[each.key].name
  }

  # A build fails if it starts before its service account has its roles.
  depends_on = [
    google_project_service.required,
    google_project_iam_member.build,
    google_project_iam_member.build_reads_sources,
  ]
}
