variable "name" {
  description = "Name of the function, its entry point and its folder under dist/."
  type        = string
}

variable "service" {
  description = "Name of the Cloud Run service: the function's, after the installation's prefix."
  type        = string
}

variable "account_lead" {
  description = "Begins the ids of service accounts."
  type        = string
}

variable "title" {
  description = "What people call the installation."
  type        = string
}

variable "project_id" {
  type = string
}

variable "region" {
  type = string
}

variable "database" {
  description = "Id of the Firestore database that the function may use."
  type        = string
}

variable "public" {
  description = "true: anyone may call it (Hosting carries no credentials) and the application decides; false: internal ingress, one push service account."
  type        = bool
}

variable "public_access" {
  description = "all_users or invoker_check_off, for a public function."
  type        = string
}

variable "public_ingress" {
  description = "Ingress of a public function."
  type        = string
}

variable "pubsub_agent" {
  description = "Pub/Sub's own service agent, as an IAM member."
  type        = string
}

variable "size" {
  description = "Cloud Run requires at least 1 CPU if an instance handles more than one request at a time."
  type = object({
    memory        = string
    cpu           = string
    concurrency   = number
    min_instances = number
    max_instances = number
  })
}

variable "timeout_s" {
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

variable "docker_repository" {
  description = "Full id of the Artifact Registry repository that the image goes to."
  type        = string
}

variable "build_worker_pool" {
  description = "Full name of a private pool of Cloud Build; null: the public one."
  type        = string
}

variable "kms_key" {
  description = "Key that encrypts the function's source and image; null: Google's own."
  type        = string
}

variable "vpc_egress" {
  description = "Connector and egress setting; null: none."
  type        = object({ connector = string, egress = string })
}

variable "source_archive" {
  type = object({
    bucket = string
    object = string
  })
}

variable "hold_traffic" {
  description = "true: a new revision gets no requests until they are given to it."
  type        = bool
}
