# Records. A test checks that the composite indexes are exactly those of functions/domain/queries.ts.

resource "google_firestore_database" "records" {
  name                              = local.database
  location_id                       = var.firestore_location
  type                              = "FIRESTORE_NATIVE"
  point_in_time_recovery_enablement = "POINT_IN_TIME_RECOVERY_ENABLED"
  delete_protection_state           = "DELETE_PROTECTION_ENABLED"
  deletion_policy                   = "ABANDON"

  dynamic "cmek_config" {
    for_each = var.kms_keys.records[*]
    content {
      kms_key_name = cmek_config.value
    }
  }

  depends_on = [google_project_service.required, google_kms_crypto_key_iam_member.agent]
}

resource "google_firestore_backup_schedule" "daily" {
  database  = google_firestore_database.records.name
  retention = "${var.backup_retention_days * 86400}s"
  daily_recurrence {}
}

locals {
  # Per index: the collection, then its fields in order. `contains` marks an array field.
  indexes = {
    servers-by-username = {
      collection = "mailServers"
      fields     = [["username", "asc"], ["createdAtMs", "asc"]]
    }
    servers-by-account = {
      collection = "mailServers"
      fields     = [["accountSub", "asc"], ["createdAtMs", "asc"]]
    }
    sessions-of-mailbox = {
      collection = "sessions"
      fields     = [["actorMailbox", "asc"], ["createdAtMs", "asc"]]
    }
    sessions-of-account = {
      collection = "sessions"
      fields     = [["actorSub", "asc"], ["createdAtMs", "asc"]]
    }
    audit-by-actor = {
      collection = "audit"
      fields     = [["actor", "asc"], ["createdAtMs", "desc"]]
    }
    audit-by-action = {
      collection = "audit"
      fields     = [["action", "asc"], ["createdAtMs", "desc"]]
    }
    audit-by-target = {
      collection = "audit"
      fields     = [["target", "asc"], ["createdAtMs", "desc"]]
    }
    messages-newest = {
      collection = "messages"
      fields     = [["listShard", "asc"], ["createdAtMs", "desc"]]
    }
    messages-due = {
      collection = "messages"
      fields     = [["dueShard", "asc"], ["dueAtMs", "asc"]]
    }
    notices-due = {
      collection = "notices"
      fields     = [["dueShard", "asc"], ["dueAtMs", "asc"]]
    }
    tallies-due = {
      collection = "quotas"
      fields     = [["dueShard", "asc"], ["tallyDueAtMs", "asc"]]
    }
    bodies-to-sweep = {
      collection = "bodyChunks"
      fields     = [["dueShard", "asc"], ["sweepAtMs", "asc"]]
    }
    messages-of-server = {
      collection = "messages"
      fields     = [["serverId", "asc"], ["createdAtMs", "desc"]]
    }
    messages-by-status = {
      collection = "messages"
      fields     = [["listShard", "asc"], ["status", "asc"], ["createdAtMs", "desc"]]
    }
    messages-of-server-by-status = {
      collection = "messages"
      fields     = [["serverId", "asc"], ["status", "asc"], ["createdAtMs", "desc"]]
    }
    messages-to = {
      collection = "messages"
      fields     = [["listShard", "asc"], ["recipientAddresses", "contains"], ["createdAtMs", "desc"]]
    }
    messages-of-server-to = {
      collection = "messages"
      fields     = [["serverId", "asc"], ["recipientAddresses", "contains"], ["createdAtMs", "desc"]]
    }
    messages-by-status-to = {
      collection = "messages"
      fields     = [["listShard", "asc"], ["status", "asc"], ["recipientAddresses", "contains"], ["createdAtMs", "desc"]]
    }
    messages-of-server-by-status-to = {
      collection = "messages"
      fields     = [["serverId", "asc"], ["status", "asc"], ["recipientAddresses", "contains"], ["createdAtMs", "desc"]]
    }
    messages-found = {
      collection = "messages"
      fields     = [["listShard", "asc"], ["searchPrefixes", "contains"], ["createdAtMs", "desc"]]
    }
    messages-of-server-found = {
      collection = "messages"
      fields     = [["serverId", "asc"], ["searchPrefixes", "contains"], ["createdAtMs", "desc"]]
    }
    tallies-of = {
      collection = "tallies"
      fields     = [["scope", "asc"], ["monthMs", "desc"]]
    }
    messages-of-server-oldest = {
      collection = "messages"
      fields     = [["serverId", "asc"], ["status", "asc"], ["createdAtMs", "asc"]]
    }
  }

  # Every collection holds its record as one text that no query reads. An index on it would cost on every write and
  # would hold its first 1,500 bytes.
  collections = toset([
    "mailServers",
    "serverNames",
    "settings",
    "sessions",
    "keys",
    "oauthStates",
    "accessTokens",
    "securityEvents",
    "oauthClients",
    "grantLedgers",
    "secretSweeps",
    "sealedTokens",
    "tokenMoves",
    "messages",
    "bodyChunks",
    "quotas",
    "notices",
    "audit",
    "tallies",
  ])
  not_indexed = merge(
    { for collection in local.collections : "${collection}-json" => { collection = collection, field = "json" } },
    { for collection in local.collections : "${collection}-write" => { collection = collection, field = "write" } },
    { bodyChunks-text = { collection = "bodyChunks", field = "text" } },
    { tallies-sums = { collection = "tallies", field = "sums" } },
    # Fields that queries look at in composite indexes only, which do not depend on a field's own.
    {
      for name in distinct(flatten([
        for index in local.indexes : [for field in index.fields : "${index.collection}-${field[0]}"]
      ])) : name => { collection = split("-", name)[0], field = split("-", name)[1] }
      if !contains(keys(local.ordered), name)
    },
  )

  # Fields by which a query orders a whole collection, in that direction. Of itself, Firestore would index both.
  ordered = {
    mailServers-createdAtMs   = "ASCENDING"
    mailServers-nextCheckAtMs = "ASCENDING"
    secretSweeps-dueAtMs      = "ASCENDING"
    sessions-createdAtMs      = "DESCENDING"
    keys-createdAtMs          = "DESCENDING"
    audit-createdAtMs         = "DESCENDING"
  }

  # Collections whose records may expire: the adapter writes the timestamp `eraseAt`.
  self_erasing = toset(["audit", "messages", "notices", "oauthStates", "securityEvents", "sessions", "tallies"])
}

resource "google_firestore_index" "composite" {
  for_each = local.indexes

  database   = google_firestore_database.records.name
  collection = each.value.collection

  dynamic "fields" {
    for_each = each.value.fields
    content {
      field_path   = fields.value[0]
      order        = fields.value[1] == "contains" ? null : (fields.value[1] == "asc" ? "ASCENDING" : "DESCENDING")
      array_config = fields.value[1] == "contains" ? "CONTAINS" : null
    }
  }
}

resource "google_firestore_field" "time_to_live" {
  for_each = local.self_erasing

  database   = google_firestore_database.records.name
  collection = each.key
  field      = "eraseAt"

  ttl_config {}
  # No query reads it, and an index on a timestamp would be a hot spot.
  index_config {}
}

resource "google_firestore_field" "not_indexed" {
  for_each = local.not_indexed

  database   = google_firestore_database.records.name
  collection = each.value.collection
  field      = each.value.field
  index_config {}
}

resource "google_firestore_field" "ordered" {
  for_each = local.ordered

  database   = google_firestore_database.records.name
  collection = split("-", each.key)[0]
  field      = split("-", each.key)[1]
  index_config {
    indexes {
      order       = each.value
      query_scope = "COLLECTION"
    }
  }
}
