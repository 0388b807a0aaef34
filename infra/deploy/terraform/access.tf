# What a role may do stands in ../access/s3/<role>.json, tested on a real server.

locals {
  roles = toset(["station", "worker", "indexer", "desk", "fixity", "custodian", "auditor"])
}

resource "aws_iam_role" "postroom" {
  for_each = local.roles
  name     = "${var.bucket}-${each.key}"
  tags     = var.tags
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = var.trusted_arns[each.key] }
    }]
  })
}

resource "aws_iam_role_policy" "objects" {
  for_each = local.roles
  name     = "objects"
  role     = aws_iam_role.postroom[each.key].id
  policy = templatefile("${path.module}/../access/s3/${each.key}.json", {
    bucket = var.bucket
    mirror = var.mirror
  })
}

# The indexer runs the flow fixity too (pool index), so its role has both policies. The role fixity alone is for
# who checks by hand, from a machine that publishes nothing.
resource "aws_iam_role_policy" "indexer_fixity" {
  name = "objects-fixity"
  role = aws_iam_role.postroom["indexer"].id
  policy = templatefile("${path.module}/../access/s3/fixity.json", {
    bucket = var.bucket
    mirror = var.mirror
  })
}

resource "aws_iam_role_policy" "keys" {
  for_each = local.roles
  name     = "keys"
  role     = aws_iam_role.postroom[each.key].id
  policy = templatefile("${path.module}/../access/s3/keys.json", {
    kms_key_arn = aws_kms_key.archive.arn
  })
}

resource "aws_iam_role_policy" "mirror_key" {
  for_each = toset(["indexer", "fixity"])
  name     = "mirror-key"
  role     = aws_iam_role.postroom[each.key].id
  policy = templatefile("${path.module}/../access/s3/keys.json", {
    kms_key_arn = aws_kms_key.mirror.arn
  })
}
