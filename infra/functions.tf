# The functions: one map, one module call; mail-documents is in documents.tf. A test checks that they are exactly the
# folders under functions/ with an index.ts. secrets.tf grants access to secrets, and pubsub.tf the right to publish.

locals {
  # Every function needs these settings.
  base_environment = merge(
    {
      NODE_ENV             = "production"
      GOOGLE_CLOUD_PROJECT = var.project_id
      RELAIS_STORE         = "google"
      RELAIS_DATABASE      = google_firestore_database.records.name
      RELAIS_PUBLIC_URL    = var.public_url
    },
    var.prefix == "" ? {} : { RELAIS_PREFIX = var.prefix },
  )

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
    RELAIS_SETUP_TOKEN = google_secret_manager_secret.this["setup-token"].secret_id
  }

  # For the functions that make secrets.
  secret_environment = merge(
    length(var.secret_locations) == 0 ? {} : { RELAIS_SECRET_LOCATIONS = join(",", var.secret_locations) },
    length(var.kms_keys.secrets) == 0 ? {} : { RELAIS_SECRET_KMS = join(",", var.kms_keys.secrets) },
  )

  # Together they fit the quota of a new project (20 vCPU and 40 GiB a region). var.functions changes sizes.
  # A body has 60 s to arrive. A function that reads one needs a longer timeout, or the platform would end the request
  # before the function can answer.
  functions = merge(local.document_functions, {
    authorize-start = {
      public         = true
      memory         = "256Mi"
      cpu            = "1"
      concurrency    = 40
      timeout_s      = 30
      max_instances  = 2
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
      max_instances  = 2
      environment    = merge(local.admission_environment, local.token_environment, local.secret_environment)
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
      max_instances  = 2
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
      max_instances  = 4
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
      # An instance bounds the bytes of the bodies that it holds (capacity.ts), not the number of mails.
      concurrency    = 32
      timeout_s      = 300
      max_instances  = 4
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
      max_instances  = 2
      environment    = merge(local.token_environment, local.secret_environment)
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
      max_instances  = 2
      environment    = local.retention_environment
      secret_env     = {}
      publishes_to   = ["mail-dispatch", "mail-events", "mail-send"]
      push_from      = "mail-dispatch"
      ack_deadline_s = 330
    }
  })

  sizes = {
    for name, f in local.functions : name => {
      memory        = coalesce(try(var.functions[name].memory, null), f.memory)
      cpu           = coalesce(try(var.functions[name].cpu, null), f.cpu)
      concurrency   = coalesce(try(var.functions[name].concurrency, null), f.concurrency)
      min_instances = coalesce(try(var.functions[name].min_instances, null), 0)
      max_instances = coalesce(try(var.functions[name].max_instances, null), f.max_instances)
    }
  }

  # The Cloud Run service of each function.
  services = { for name in keys(local.functions) : name => "${local.lead}${name}" }

  pushed_functions = { for name, f in local.functions : name => f if f.push_from != null }
}

module "function" {
  source   = "./modules/function"
  for_each = local.functions

  name              = each.key
  service           = local.services[each.key]
  account_lead      = local.account_lead
  title             = local.title
  project_id        = var.project_id
  region            = var.region
  database          = google_firestore_database.records.name
  public            = each.value.public
  public_access     = var.public_access
  public_ingress    = local.public_ingress
  pubsub_agent      = local.agents.pubsub
  size              = local.sizes[each.key]
  timeout_s         = each.value.timeout_s
  environment       = merge(local.base_environment, each.value.environment)
  secret_env        = each.value.secret_env
  kms_key           = var.kms_keys.regional
  vpc_egress        = var.vpc_egress
  build_worker_pool = var.build_worker_pool
  hold_traffic      = var.hold_traffic

  build_service_account = google_service_account.build.id
  docker_repository     = google_artifact_registry_repository.images.id
  source_archive = {
    bucket = google_storage_bucket.sources.name
    object = google_storage_bucket_object.source[each.key].name
  }

  # A build fails if it starts before its service account has its roles, and a revision if it starts before its secrets
  # have a value. New code may ask what only a new index answers; an index counts as made when it is ready.
  depends_on = [
    google_firestore_index.composite,
    google_project_service.required,
    google_secret_manager_secret_version.first,
    time_sleep.build_rights,
  ]
}
