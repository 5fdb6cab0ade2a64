/**
 * The names that Agora's numbers of storage regions stand for, in the order of the numbers; null where a number has
 * none. A vendor that is not here has no endpoint of its own for each region, or none that speaks S3.
 * @see https://docs.agora.io/en/cloud-recording/reference/region-vendor (read 2026-12); docs/agora.md#storage
 */
const REGIONS: Readonly<Record<number, readonly (string | null)[]>> = {
  1: [
    ...['us-east-1', 'us-east-2', 'us-west-1', 'us-west-2', 'eu-west-1', 'eu-west-2', 'eu-west-3', 'eu-central-1'],
    ...['ap-southeast-1', 'ap-southeast-2', 'ap-northeast-1', 'ap-northeast-2', 'sa-east-1', 'ca-central-1'],
    ...['ap-south-1', 'cn-north-1', 'cn-northwest-1', null, 'af-south-1', 'ap-east-1', 'ap-northeast-3', 'eu-north-1'],
    ...['me-south-1', null, 'ap-southeast-3', 'eu-south-1'],
  ],
  2: [
    ...['cn-hangzhou', 'cn-shanghai', 'cn-qingdao', 'cn-beijing', 'cn-zhangjiakou', 'cn-huhehaote', 'cn-shenzhen'],
    ...['cn-hongkong', 'us-west-1', 'us-east-1', 'ap-southeast-1', 'ap-southeast-2', 'ap-southeast-3'],
    ...['ap-southeast-5', 'ap-northeast-1', 'ap-south-1', 'eu-central-1', 'eu-west-1', null, 'ap-southeast-6'],
    ...['cn-heyuan', 'cn-guangzhou', 'cn-chengdu', 'cn-nanjing', 'cn-fuzhou', 'cn-wulanchabu', null, 'ap-southeast-7'],
  ],
  3: [
    ...['ap-beijing-1', 'ap-beijing', 'ap-shanghai', 'ap-guangzhou', 'ap-chengdu', 'ap-chongqing', 'ap-shenzhen-fsi'],
    ...['ap-shanghai-fsi', 'ap-beijing-fsi', 'ap-hongkong', 'ap-singapore', 'ap-mumbai', 'ap-seoul', 'ap-bangkok'],
    ...['ap-tokyo', 'na-siliconvalley', 'na-ashburn', 'na-toronto', 'eu-frankfurt', 'eu-moscow'],
  ],
};

/**
 * Where each vendor's S3 interface is, by the vendor's own page.
 * @see https://docs.aws.amazon.com/general/latest/gr/s3.html (read 2026-12); docs/agora.md#storage
 * @see https://alibabacloud.com/help/en/oss/developer-reference/use-amazon-s3-sdks-to-access-oss (read 2026-12); docs/agora.md#storage
 * @see https://tencentcloud.com/document/product/436/32537 (read 2026-12); docs/agora.md#storage
 * @see https://cloud.google.com/storage/docs/interoperability (read 2026-12); docs/agora.md#storage
 */
const ENDPOINTS: Readonly<Record<number, (region: string) => string>> = {
  1: (region) => `https://s3.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`,
  2: (region) => `https://s3.oss-${region}.aliyuncs.com`,
  3: (region) => `https://cos.${region}.myqcloud.com`,
  6: () => 'https://storage.googleapis.com',
};

/** The name of a region, which may be given as Agora's number; null if that number has no name that is known here. */
export function regionName(vendor: number, region: string | number): string | null {
  if (typeof region === 'string') return region;
  return REGIONS[vendor]?.[region] ?? null;
}

/** Where a vendor's S3 interface is in a region; null where this has to be told. */
export function endpointOf(vendor: number, region: string): string | null {
  return ENDPOINTS[vendor]?.(region) ?? null;
}
