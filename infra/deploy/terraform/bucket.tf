# The archive: versions, locks, encryption, and nothing public.

resource "aws_kms_key" "archive" {
  description             = "Encrypts the objects of ${var.bucket}"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  tags                    = var.tags
}

# Locks are possible, but there is no default retention: it would lock the scratch under work/ too. Postroom
# locks each filed object (POSTROOM_ARCHIVE__RETENTION_DAYS), and replication carries that to the mirror.
resource "aws_s3_bucket" "archive" {
  bucket              = var.bucket
  object_lock_enabled = true
  tags                = var.tags

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_versioning" "archive" {
  bucket = aws_s3_bucket.archive.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "archive" {
  bucket = aws_s3_bucket.archive.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.archive.arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "archive" {
  bucket                  = aws_s3_bucket.archive.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "archive" {
  bucket = aws_s3_bucket.archive.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_policy" "archive" {
  bucket = aws_s3_bucket.archive.id
  policy = templatefile("${path.module}/../access/s3/bucket.json", {
    bucket          = var.bucket
    break_glass_arn = var.break_glass_arn
  })
}

resource "aws_s3_bucket_lifecycle_configuration" "archive" {
  bucket     = aws_s3_bucket.archive.id
  depends_on = [aws_s3_bucket_versioning.archive]

  rule {
    id     = "abort-incomplete-uploads"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 2
    }
  }

  rule {
    id     = "remove-scratch"
    status = "Enabled"

    filter {
      prefix = "work/"
    }

    expiration {
      days = var.scratch_days
    }

    noncurrent_version_expiration {
      noncurrent_days = 1
    }
  }

  rule {
    id     = "remove-scratch-markers"
    status = "Enabled"

    filter {
      prefix = "work/"
    }

    expiration {
      expired_object_delete_marker = true
    }
  }

  # A version that is no longer the newest is what fixity found damaged, or what somebody put over it:
  # both are evidence. It gets cheaper, it does not go.
  dynamic "rule" {
    for_each = toset(local.archived)

    content {
      id     = "keep-older-versions-of-${rule.value}"
      status = "Enabled"

      filter {
        prefix = "${rule.value}/"
      }

      noncurrent_version_transition {
        noncurrent_days = var.noncurrent_archive_days
        storage_class   = "GLACIER_IR"
      }
    }
  }
}

locals {
  archived = ["originals", "renditions", "documents", "register", "batches", "models", "champions", "office", "parties"]
}
