variable "name" {
  description = "Name of the function, its entry point and its folder under dist/."
  type        = string
}

variable "project_id" {
  type = string
}

variable "region" {
  type = string
}

variable "public" {
  description = "true: anyone may call it (Hosting carries no credentials) and the application decides; false: internal ingress, one push service account."
  type        = bool
}

variable "pubsub_agent" {
  description = "Pub/Sub's own service agent, as an IAM member."
  type        = string
}

variable "memory" {
  type = string
}

variable "cpu" {
  description = "Cloud Run requires at least 1 if an instance handles more than one request at a time."
  type        = string
}

variable "concurrency" {
  type = number
}

variable "timeout_s" {
  type = number
}

variable "max_instances" {
  type = number
}

variable "environment" {
  description = "Plain settings. Never a secret."
  type        = map(string)
}

variable "secret_env" {
  description = "Environment variable → id of the Secret Manager secret whose latest version it contains."
  type        = map(string)
}

variable "build_service_account" {
  description = "Full id of the service account that Cloud Build runs as."
  type        = string
}

variable "source_archive" {
  type = object({
    bucket = string
    object = string
  })
}
