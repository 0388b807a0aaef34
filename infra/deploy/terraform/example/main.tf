# A root that makes the archive of one office: change the names, the regions and the accounts to yours, then
#   terraform init && terraform apply
# The parent folder is a module: it has no providers of its own, and needs two.

terraform {
  required_version = ">= 1.6"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.60, < 7.0"
    }
  }

  # Who can read the state knows the keys' names and who may take on which role: keep it where few get.
  # backend "s3" { ... }
}

provider "aws" {
  region = "eu-south-2"
}

# Another region; another account too, where one can be had, so that what removes the first does not remove both.
provider "aws" {
  alias  = "mirror"
  region = "eu-west-1"
}

module "archive" {
  source = "../"

  providers = {
    aws        = aws
    aws.mirror = aws.mirror
  }

  bucket          = "office-postroom-archive"
  mirror          = "office-postroom-mirror"
  break_glass_arn = "arn:aws:iam::111122223333:role/break-glass"

  trusted_arns = {
    station   = ["arn:aws:iam::111122223333:role/postroom-station-hosts"]
    worker    = ["arn:aws:iam::111122223333:role/postroom-cluster-workers"]
    indexer   = ["arn:aws:iam::111122223333:role/postroom-cluster-indexers"]
    desk      = ["arn:aws:iam::111122223333:role/postroom-cluster-desks"]
    fixity    = ["arn:aws:iam::111122223333:role/archivists"]
    custodian = ["arn:aws:iam::111122223333:role/archivists"]
    auditor   = ["arn:aws:iam::111122223333:role/auditors"]
  }
}

output "settings" {
  value = module.archive.settings
}

output "role_arns" {
  value = module.archive.role_arns
}
