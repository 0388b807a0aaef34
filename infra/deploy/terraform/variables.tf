variable "bucket" {
  description = "Name of the archive's bucket: POSTROOM_ARCHIVE__BUCKET."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "A bucket's name has 3 to 63 small letters, digits and hyphens; dots break TLS."
  }
}

variable "mirror" {
  description = "Name of the second bucket, in the region of the provider aws.mirror: POSTROOM_ARCHIVE__MIRROR__BUCKET."
  type        = string
}

variable "break_glass_arn" {
  description = "The one principal that may remove versions and lift GOVERNANCE locks. Kept in a safe, its use alarmed."
  type        = string

  validation {
    condition     = startswith(var.break_glass_arn, "arn:aws:iam::")
    error_message = "Give the whole ARN of a role or user."
  }
}

variable "scratch_days" {
  description = "Readings of batches in work (work/) are removed after so many days; a batch is done within hours."
  type        = number
  default     = 14

  validation {
    condition     = var.scratch_days >= 2
    error_message = "A batch that waits over a weekend still needs its readings."
  }
}

variable "noncurrent_archive_days" {
  description = "Versions of archived objects that a mended copy has replaced move to cheaper storage after so many days. They are never removed."
  type        = number
  default     = 30
}

variable "trusted_arns" {
  description = "Who may take on each role: the workloads' principals, by role."
  type        = map(list(string))

  validation {
    condition = alltrue([
      for name in ["station", "worker", "indexer", "desk", "fixity", "custodian", "auditor"] : contains(keys(var.trusted_arns), name)
    ])
    error_message = "Name the principals of station, worker, indexer, desk, fixity, custodian and auditor."
  }
}

variable "tags" {
  description = "Put on everything."
  type        = map(string)
  default     = { application = "postroom" }
}
