import { codeOf } from "./ec2.ts";

/** AWS's error codes in words: what is wrong, and what to do about it. */
const SENTENCES: Readonly<Record<string, string>> = {
  AuthFailure: "AWS does not accept the access key: check access_key and secret_key of the secret `aws`",
  InvalidClientTokenId: "AWS does not know the access key: check access_key of the secret `aws`",
  SignatureDoesNotMatch: "AWS does not accept the secret access key: check secret_key of the secret `aws`",
  ExpiredToken: "the temporary credentials of the secret `aws` have expired",
  RequestExpired: "AWS says that this machine's clock is wrong: set it and ask again",
  OptInRequired: "this AWS account is not signed up for EC2",
  UnauthorizedOperation:
    "the access key of the secret `aws` may not do this: its user needs ec2:RunInstances, ec2:CreateTags, " +
    "ec2:DescribeInstances, ec2:TerminateInstances, ec2:DescribeImages and ec2:DescribeInstanceTypes",
  InstanceLimitExceeded: "the AWS account has as many machines as it may have: delete some or ask AWS for more",
  VcpuLimitExceeded: "the AWS account uses as many processors as it may: delete machines or ask AWS for more",
  InsufficientInstanceCapacity:
    "AWS has no machine of this type free at the moment: try later or another instance_type",
  RequestLimitExceeded: "AWS is being asked too much at the moment: try again in a minute",
  "InvalidAMIID.NotFound": "AWS has no image with the image_id of the secret `aws` in this region",
  "InvalidAMIID.Malformed": "image_id of the secret `aws` is no image id: it looks like ami-0123456789abcdef0",
  "InvalidSubnetID.NotFound": "AWS has no subnet with the subnet_id of the secret `aws` in this region",
  VPCIdNotSpecified: "the AWS account has no default network in this region: name one as subnet_id of the secret `aws`",
  OperationNotPermitted: "AWS does not allow this for the machine: it may be protected against deletion",
};

/** An error that people in a channel understand; what nobody knows yet keeps AWS's own words. */
export function explain(error: Error): Error {
  const code = codeOf(error);
  if (code === undefined) return error;
  const sentence = Object.hasOwn(SENTENCES, code) ? SENTENCES[code] : error.message.replace(/ \(HTTP \d+\)$/, "");
  return new Error(`${sentence} (${code})`);
}
