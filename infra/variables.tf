variable "project_id" {
  description = "The Google Cloud project that Relais runs in."
  type        = string
}

# --- What it is called and where it is

variable "prefix" {
  description = "In front of every name, so that several installations fit into one project; none by default. It cannot be changed later (RELAIS_PREFIX)."
  type        = string
  default     = ""

  # A service account's id has at most 30 characters, and "push-refresh-tokens" takes 19 of them. Without a hyphen, one
  # installation's names never start with another's prefix.
  validation {
    condition     = can(regex("^([a-z][a-z0-9]{0,9})?$", var.prefix)) && var.prefix != "relais"
    error_message = "prefix must be empty, or a letter and up to 9 letters or digits, all lower case, other than \"relais\": for example \"eu\" or \"test\"."
  }
}

variable "region" {
  description = "Where the functions, their images and the two ticks run. Firebase Hosting's rewrites name the same region (output hosting)."
  type        = string
  default     = "europe-west1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region must be a region such as europe-west1, not a zone or a multi-region: see cloud.google.com/functions/docs/locations."
  }
}

variable "firestore_database" {
  description = "The database's id (RELAIS_DATABASE). By default (default) without a prefix, and relais-<prefix> with one."
  type        = string
  default     = null

  validation {
    condition     = var.firestore_database == null || can(regex("^(\\(default\\)|[a-z][a-z0-9-]{2,61}[a-z0-9])$", var.firestore_database))
    error_message = "firestore_database must be (default), or 4 to 63 lower-case letters, digits and hyphens that start with a letter and do not end with a hyphen."
  }
}

variable "firestore_location" {
  description = "Where records are stored, a region or a multi-region; this cannot be changed later."
  type        = string
  default     = "eur3"

  validation {
    condition     = can(regex("^([a-z]+-[a-z]+[0-9]+|eur3|nam5|nam7)$", var.firestore_location))
    error_message = "firestore_location must be eur3, nam5, nam7 or a region such as europe-west1: see cloud.google.com/firestore/docs/locations."
  }
}

variable "secret_locations" {
  description = "Regions that secrets are stored in (RELAIS_SECRET_LOCATIONS). None: Google chooses, which the policy gcp.resourceLocations refuses. It cannot be changed for secrets that exist."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for location in var.secret_locations : can(regex("^[a-z]+-[a-z]+[0-9]+$", location))])
    error_message = "secret_locations must be regions such as europe-west1: see cloud.google.com/secret-manager/docs/locations."
  }
  validation {
    condition     = length(distinct(var.secret_locations)) == length(var.secret_locations)
    error_message = "secret_locations must name each region once."
  }
}

variable "labels" {
  description = "Labels of everything that can have some, beside app = relais."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name, value in var.labels : can(regex("^[a-z][a-z0-9_-]{0,62}$", name)) && can(regex("^[a-z0-9_-]{0,63}$", value))])
    error_message = "labels must have lower-case letters, digits, _ and - only, 63 at most, and each name must start with a letter."
  }
  validation {
    condition     = !contains(keys(var.labels), "app")
    error_message = "labels must not have the name app: it is always relais."
  }
}

# --- Who uses it

variable "public_url" {
  description = "The https origin that browsers and programs use: the Hosting or custom domain, without a trailing slash."
  type        = string

  validation {
    condition     = can(regex("^https://[^/]+$", var.public_url))
    error_message = "public_url must be an https origin without a path or trailing slash, such as https://relais.example.com."
  }
}

variable "operators" {
  description = "Addresses or @domains that administer Relais (RELAIS_OPERATORS)."
  type        = list(string)

  validation {
    condition     = length(var.operators) > 0
    error_message = "operators must name at least one address or @domain: somebody must be able to sign in once the setup token has expired."
  }
  validation {
    condition     = alltrue([for entry in var.operators : can(regex("^[^@,[:space:]]*@[^@,[:space:]]+$", entry))])
    error_message = "operators must be addresses or @domains; otherwise no function starts."
  }
}

variable "members" {
  description = "Addresses or @domains that may connect their own mailbox (RELAIS_MEMBERS)."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for entry in var.members : can(regex("^[^@,[:space:]]*@[^@,[:space:]]+$", entry))])
    error_message = "members must be addresses or @domains; otherwise no function starts."
  }
}

variable "callers" {
  description = "Service accounts whose Google-signed ID tokens may send (RELAIS_CALLERS)."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for entry in var.callers : can(regex("^[^@,[:space:]]*@[^@,[:space:]]+$", entry))])
    error_message = "callers must be addresses or @domains; otherwise no function starts."
  }
}

variable "topic_publishers" {
  description = "IAM members that may submit mail on the topic mail-send, such as serviceAccount:erp@other-project.iam.gserviceaccount.com."
  type        = list(string)
  default     = []
}

variable "event_subscribers" {
  description = "IAM members that may subscribe to the topic mail-events."
  type        = list(string)
  default     = []
}

variable "public_access" {
  description = "How the functions that people and programs call are opened: all_users grants roles/run.invoker to allUsers; invoker_check_off grants nothing, for organisations that forbid allUsers, and leaves it to the deploy command to switch off Cloud Run's own check (output services_without_invoker_check)."
  type        = string
  default     = "all_users"

  validation {
    condition     = contains(["all_users", "invoker_check_off"], var.public_access)
    error_message = "public_access must be \"all_users\", or \"invoker_check_off\" if your organisation's policy iam.allowedPolicyMemberDomains forbids allUsers."
  }
}

variable "ingress" {
  description = "From where the functions that people and programs call can be reached. Firebase Hosting needs ALLOW_ALL, the default; with edge the default is ALLOW_INTERNAL_AND_GCLB."
  type        = string
  default     = null

  validation {
    condition     = var.ingress == null || contains(["ALLOW_ALL", "ALLOW_INTERNAL_AND_GCLB"], coalesce(var.ingress, "ALLOW_ALL"))
    error_message = "ingress must be \"ALLOW_ALL\", or \"ALLOW_INTERNAL_AND_GCLB\" if only a load balancer calls the functions, and not Firebase Hosting."
  }
}

variable "edge" {
  description = "A load balancer of its own in front, with Cloud Armor: the domain in public_url, how many requests an address may make in a minute (all, and those of consents and sign-ins), and the Hosting site that has the console, if it is not the project's. None by default: Firebase Hosting is in front."
  type = object({
    domain              = string
    requests_per_minute = optional(number, 1200)
    sign_ins_per_minute = optional(number, 60)
    site                = optional(string)
  })
  default = null

  validation {
    condition     = var.edge == null || try("https://${var.edge.domain}", "") == var.public_url
    error_message = "edge.domain must be the host in public_url, which is what browsers use: for example relais.example.com with https://relais.example.com."
  }
  validation {
    condition     = var.edge == null || !can(regex("[.](web[.]app|firebaseapp[.]com|run[.]app)$", try(var.edge.domain, "")))
    error_message = "edge.domain must be a name whose DNS records you can change: Google's own names never point to your load balancer."
  }
  validation {
    condition = var.edge == null || alltrue([
      for count in [try(var.edge.requests_per_minute, 1), try(var.edge.sign_ins_per_minute, 1)] : count >= 1 && count <= 10000 && floor(count) == count
    ])
    error_message = "edge: requests_per_minute and sign_ins_per_minute must be whole numbers from 1 to 10000."
  }
}

# --- How large it may grow

variable "functions" {
  description = "Sizes that differ from those in functions.tf, by function. Instances × CPU and memory must fit the region's quota; a new project has 20 vCPU and 40 GiB (output quota)."
  type = map(object({
    memory        = optional(string)
    cpu           = optional(string)
    concurrency   = optional(number)
    min_instances = optional(number)
    max_instances = optional(number)
  }))
  default = {}

  validation {
    condition     = length(setsubtract(keys(var.functions), keys(local.functions))) == 0
    error_message = "functions names something that is no function: take the names in functions.tf, such as \"deliver-mail\"."
  }
  validation {
    condition = alltrue([
      for name, f in var.functions : can(regex("^[0-9]+(Mi|Gi)$", coalesce(f.memory, "256Mi"))) && can(regex("^(0[.][0-9]+|1|2|4|6|8)$", coalesce(f.cpu, "1")))
    ])
    error_message = "functions: memory must be written like \"512Mi\" or \"2Gi\", and cpu like \"1\" or \"0.5\"."
  }
  validation {
    condition = alltrue([
      for name, f in var.functions : floor(coalesce(f.concurrency, 1)) == coalesce(f.concurrency, 1) && coalesce(f.concurrency, 1) >= 1 && coalesce(f.concurrency, 1) <= 1000
    ])
    error_message = "functions: concurrency must be a whole number from 1 to 1000."
  }
  validation {
    condition = alltrue([
      for name, f in var.functions : f.cpu == null || !startswith(coalesce(f.cpu, "1"), "0") || f.concurrency == 1
    ])
    error_message = "functions: less than one CPU needs concurrency = 1, which Cloud Run demands."
  }
  validation {
    condition = alltrue([
      for name, f in var.functions : coalesce(f.min_instances, 0) >= 0 && floor(coalesce(f.min_instances, 0)) == coalesce(f.min_instances, 0)
      && coalesce(f.max_instances, 1) >= 1 && floor(coalesce(f.max_instances, 1)) == coalesce(f.max_instances, 1)
      && coalesce(f.min_instances, 0) <= try(coalesce(f.max_instances, local.functions[name].max_instances), 1000)
    ])
    error_message = "functions: min_instances must be a whole number from 0 to max_instances, and max_instances at least 1."
  }
}

variable "tick_minutes" {
  description = "How often Cloud Scheduler wakes Relais: check_tokens looks for connections to be checked, dispatch_due publishes what is scheduled, deferred or held. A longer pause costs less and delays them by as much."
  type = object({
    check_tokens = optional(number, 5)
    dispatch_due = optional(number, 1)
  })
  default = {}

  # An alarm is raised if a tick has not come for an hour.
  validation {
    condition     = alltrue([for minutes in values(var.tick_minutes) : contains([1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30], minutes)])
    error_message = "tick_minutes must be 1, 2, 3, 4, 5, 6, 10, 12, 15, 20 or 30: minutes that divide an hour."
  }
}

variable "hold_traffic" {
  description = "Deploys new revisions without giving them requests, for a roll-out of one function after another (npm run deploy -- --canary). Nothing is held by default, and never in a first deployment."
  type        = bool
  default     = false
}

# --- How long it keeps what

variable "retention_days" {
  description = "How many days the record of a finished message is kept (RELAIS_RETENTION_DAYS)."
  type        = number
  default     = 30

  validation {
    condition     = var.retention_days >= 1 && var.retention_days <= 3650 && floor(var.retention_days) == var.retention_days
    error_message = "retention_days must be a whole number of days from 1 to 3650."
  }
}

variable "backup_retention_days" {
  description = "How many days each daily backup of the records is kept."
  type        = number
  default     = 7

  validation {
    condition     = var.backup_retention_days >= 1 && var.backup_retention_days <= 98 && floor(var.backup_retention_days) == var.backup_retention_days
    error_message = "backup_retention_days must be a whole number of days from 1 to 98, which is Firestore's limit of 14 weeks."
  }
}

variable "dead_letter_retention_days" {
  description = "How many days a push that no function could take is kept."
  type        = number
  default     = 7

  validation {
    condition     = var.dead_letter_retention_days >= 1 && var.dead_letter_retention_days <= 31 && floor(var.dead_letter_retention_days) == var.dead_letter_retention_days
    error_message = "dead_letter_retention_days must be a whole number of days from 1 to 31, which is Pub/Sub's limit."
  }
}

variable "event_retention_days" {
  description = "How many days the topic mail-events keeps events that were acknowledged, so that a subscriber can replay them; 0: it keeps none. Other topics keep none: what they say is in the records."
  type        = number
  default     = 1

  validation {
    condition     = var.event_retention_days >= 0 && var.event_retention_days <= 31 && floor(var.event_retention_days) == var.event_retention_days
    error_message = "event_retention_days must be a whole number of days from 0 to 31, which is Pub/Sub's limit."
  }
}

# --- Keys and networks of your own

variable "refresh_tokens" {
  description = "Where refresh tokens are kept (RELAIS_REFRESH_TOKENS): secrets, one secret in Secret Manager for each mail server; or sealed, in Firestore under the key ring. It may be changed at any time: the tokens then move."
  type        = string
  default     = "secrets"

  validation {
    condition     = contains(["secrets", "sealed"], var.refresh_tokens)
    error_message = "refresh_tokens must be \"secrets\" or \"sealed\"."
  }
}

variable "kms_keys" {
  description = "Keys of Cloud KMS that encrypt what Relais stores, instead of Google's own: records (in the location of Firestore; europe for eur3, us for nam5 and nam7), regional (in var.region: topics, sources, images, functions), and secrets (one in each of secret_locations, or a global one without any). Firestore's cannot be changed later."
  type = object({
    records  = optional(string)
    regional = optional(string)
    secrets  = optional(list(string), [])
  })
  default = {}

  validation {
    condition = alltrue([
      for key in concat(compact([var.kms_keys.records, var.kms_keys.regional]), var.kms_keys.secrets) :
      can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", key))
    ])
    error_message = "kms_keys must be full names: projects/…/locations/…/keyRings/…/cryptoKeys/…, without a version."
  }
  validation {
    condition     = var.kms_keys.regional == null || try(split("/", var.kms_keys.regional)[3], "") == var.region
    error_message = "kms_keys.regional must be in the region of the functions: take a key in var.region."
  }
  validation {
    condition     = var.kms_keys.records == null || try(split("/", var.kms_keys.records)[3], "") == lookup({ eur3 = "europe", nam5 = "us", nam7 = "us" }, var.firestore_location, var.firestore_location)
    error_message = "kms_keys.records must be in the location of Firestore: the same region, or europe for eur3, us for nam5 and nam7."
  }
  validation {
    condition = length(var.kms_keys.secrets) == 0 || (
      sort([for key in var.kms_keys.secrets : try(split("/", key)[3], "")]) == sort(length(var.secret_locations) == 0 ? ["global"] : var.secret_locations)
    )
    error_message = "kms_keys.secrets must hold one key in each of secret_locations, or one global key if secret_locations is empty."
  }
}

variable "vpc_egress" {
  description = "Sends the functions' outgoing traffic through a Serverless VPC Access connector, for example to leave by an address of your own (Cloud NAT): the connector's full name, and PRIVATE_RANGES_ONLY or ALL_TRAFFIC."
  type = object({
    connector = string
    egress    = optional(string, "ALL_TRAFFIC")
  })
  default = null

  validation {
    condition     = var.vpc_egress == null || can(regex("^projects/[^/]+/locations/[^/]+/connectors/[^/]+$", var.vpc_egress.connector))
    error_message = "vpc_egress.connector must be a full name: projects/…/locations/…/connectors/…, in the region of the functions."
  }
  validation {
    condition     = var.vpc_egress == null || contains(["PRIVATE_RANGES_ONLY", "ALL_TRAFFIC"], try(var.vpc_egress.egress, ""))
    error_message = "vpc_egress.egress must be PRIVATE_RANGES_ONLY or ALL_TRAFFIC."
  }
}

variable "build_worker_pool" {
  description = "A private pool of Cloud Build that makes the images, for organisations that forbid the public one: projects/…/locations/…/workerPools/…."
  type        = string
  default     = null

  validation {
    condition     = var.build_worker_pool == null || can(regex("^projects/[^/]+/locations/[^/]+/workerPools/[^/]+$", var.build_worker_pool))
    error_message = "build_worker_pool must be a full name: projects/…/locations/…/workerPools/…, in the region of the functions."
  }
}

# --- Who is told

variable "notification_channels" {
  description = "Monitoring notification channels (projects/…/notificationChannels/…) that alarms go to. By default, mail to the addresses among operators; an empty list: incidents are shown in Cloud Monitoring only."
  type        = list(string)
  default     = null

  validation {
    condition     = alltrue([for channel in coalesce(var.notification_channels, []) : can(regex("^projects/[^/]+/notificationChannels/[^/]+$", channel))])
    error_message = "notification_channels must be full names: projects/…/notificationChannels/…, as `gcloud beta monitoring channels list` prints them."
  }
}

variable "budget" {
  description = "A monthly budget for the project: the billing account's id and an amount in its currency. Mail goes to the notification channels at 50, 90 and 100 %, and to no more than the first five of them (of operators, by the alphabet), as Google allows."
  type = object({
    billing_account = string
    amount          = number
  })
  default = null

  validation {
    condition     = var.budget == null || (can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.budget.billing_account)) && try(floor(var.budget.amount) == var.budget.amount && var.budget.amount > 0, false))
    error_message = "budget must have a billing_account such as 012345-6789AB-CDEF01, as `gcloud billing accounts list` prints it, and a whole amount above 0."
  }
}
