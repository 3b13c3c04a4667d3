output "member" {
  description = "The function's identity, as an IAM member."
  value       = google_service_account.this.member
}

output "service" {
  value = google_cloudfunctions2_function.this.name
}

output "uri" {
  value = google_cloudfunctions2_function.this.service_config[0].uri
}

output "push_service_account_email" {
  description = "Null for public functions."
  value       = one(google_service_account.push[*].email)
}
