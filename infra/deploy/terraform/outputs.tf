output "settings" {
  description = "What the processes are given."
  value = {
    POSTROOM_ARCHIVE__BUCKET          = aws_s3_bucket.archive.bucket
    POSTROOM_ARCHIVE__REGION          = aws_s3_bucket.archive.region
    POSTROOM_ARCHIVE__ENCRYPTION      = "aws:kms"
    POSTROOM_ARCHIVE__KMS_KEY         = aws_kms_key.archive.arn
    POSTROOM_ARCHIVE__MIRROR__BUCKET  = aws_s3_bucket.mirror.bucket
    POSTROOM_ARCHIVE__MIRROR__REGION  = aws_s3_bucket.mirror.region
    POSTROOM_ARCHIVE__MIRROR__KMS_KEY = aws_kms_key.mirror.arn
  }
}

output "role_arns" {
  description = "The role of each process."
  value       = { for name, role in aws_iam_role.postroom : name => role.arn }
}
