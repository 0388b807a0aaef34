# The second bucket, in another region: S3 copies to it, fixity fills what is missing and mends from it. No role
# of Postroom removes anything there.

resource "aws_kms_key" "mirror" {
  provider                = aws.mirror
  description             = "Encrypts the objects of ${var.mirror}"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  tags                    = var.tags
}

resource "aws_s3_bucket" "mirror" {
  provider            = aws.mirror
  bucket              = var.mirror
  object_lock_enabled = true
  tags                = var.tags

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_versioning" "mirror" {
  provider = aws.mirror
  bucket   = aws_s3_bucket.mirror.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "mirror" {
  provider = aws.mirror
  bucket   = aws_s3_bucket.mirror.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.mirror.arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "mirror" {
  provider                = aws.mirror
  bucket                  = aws_s3_bucket.mirror.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_policy" "mirror" {
  provider = aws.mirror
  bucket   = aws_s3_bucket.mirror.id
  policy = templatefile("${path.module}/../access/s3/bucket.json", {
    bucket          = var.mirror
    break_glass_arn = var.break_glass_arn
  })
}

resource "aws_s3_bucket_lifecycle_configuration" "mirror" {
  provider   = aws.mirror
  bucket     = aws_s3_bucket.mirror.id
  depends_on = [aws_s3_bucket_versioning.mirror]

  rule {
    id     = "abort-incomplete-uploads"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 2
    }
  }
}

resource "aws_iam_role" "replication" {
  name = "${var.bucket}-replication"
  tags = var.tags
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "s3.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "replication" {
  name = "replicate"
  role = aws_iam_role.replication.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["s3:GetReplicationConfiguration", "s3:ListBucket"]
        Resource = [aws_s3_bucket.archive.arn]
      },
      {
        Effect = "Allow"
        Action = [
          "s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging",
          "s3:GetObjectRetention", "s3:GetObjectLegalHold",
        ]
        Resource = [for name in local.archived : "${aws_s3_bucket.archive.arn}/${name}/*"]
      },
      {
        Effect   = "Allow"
        Action   = ["s3:ReplicateObject", "s3:ReplicateTags"]
        Resource = [for name in local.archived : "${aws_s3_bucket.mirror.arn}/${name}/*"]
      },
      {
        Effect   = "Allow"
        Action   = ["kms:Decrypt"]
        Resource = [aws_kms_key.archive.arn]
      },
      {
        Effect   = "Allow"
        Action   = ["kms:GenerateDataKey"]
        Resource = [aws_kms_key.mirror.arn]
      },
    ]
  })
}

resource "aws_s3_bucket_replication_configuration" "archive" {
  bucket     = aws_s3_bucket.archive.id
  role       = aws_iam_role.replication.arn
  depends_on = [aws_s3_bucket_versioning.archive, aws_s3_bucket_versioning.mirror]

  dynamic "rule" {
    for_each = { for place, name in local.archived : name => place }

    content {
      id       = "mirror-${rule.key}"
      priority = rule.value
      status   = "Enabled"

      filter {
        prefix = "${rule.key}/"
      }

      # Removing something from the archive must not remove it from the mirror.
      delete_marker_replication {
        status = "Disabled"
      }

      source_selection_criteria {
        sse_kms_encrypted_objects {
          status = "Enabled"
        }
      }

      destination {
        bucket        = aws_s3_bucket.mirror.arn
        storage_class = "STANDARD_IA"

        encryption_configuration {
          replica_kms_key_id = aws_kms_key.mirror.arn
        }
      }
    }
  }
}
