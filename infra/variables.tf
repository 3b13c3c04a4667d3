variable "project_id" {
  description = "The Google Cloud project that Relais runs in."
  type        = string
}

variable "region" {
  description = "Where the functions run. Firebase Hosting's rewrites in firebase.json name the same region."
  type        = string
  default     = "europe-west1"
}

variable "firestore_location" {
  description = "Where records are stored; this cannot be changed later."
  type        = string
  default     = "eur3"
}

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

variable "retention_days" {
  description = "How many days the record of a finished message is kept (RELAIS_RETENTION_DAYS)."
  type        = number
  default     = 30

  validation {
    condition     = var.retention_days >= 1 && var.retention_days <= 3650 && floor(var.retention_days) == var.retention_days
    error_message = "retention_days must be a whole number of days from 1 to 3650."
  }
}

variable "refresh_tokens" {
  description = "Where refresh tokens are kept (RELAIS_REFRESH_TOKENS): secrets, one secret in Secret Manager for each mail server; or sealed, in Firestore under the key ring. It may be changed at any time: the tokens then move."
  type        = string
  default     = "secrets"

  validation {
    condition     = contains(["secrets", "sealed"], var.refresh_tokens)
    error_message = "refresh_tokens must be secrets or sealed."
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

variable "notification_channels" {
  description = "Monitoring notification channels (projects/…/notificationChannels/…) that alarms go to. Without any, incidents are shown only in Cloud Monitoring."
  type        = list(string)
  default     = []
}
