variable "lead" {
  description = "Begins every name."
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
  description = "Where the functions run."
  type        = string
}

variable "domain" {
  description = "The name that browsers and programs use; its DNS record names the address in the output."
  type        = string
}

variable "functions" {
  description = "The functions that can be called: the Cloud Run service of each, and the paths that it answers, as a URL map writes them."
  type = map(object({
    service = string
    paths   = list(string)
  }))
}

variable "site" {
  description = "The Hosting site that has the console."
  type        = string
}

variable "requests_per_minute" {
  description = "How many requests an address may make in a minute."
  type        = number
}

variable "sign_ins_per_minute" {
  description = "How many requests to the paths of consents and sign-ins an address may make in a minute."
  type        = number
}
