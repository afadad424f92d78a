import type * as iam from 'aws-cdk-lib/aws-iam';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import type { Construct } from 'constructs';
import type { PackageSource } from '../../src/user-data/input.ts';

/** Where the nodes get eipkeeper from. */
export abstract class NodePackage {
  /**
   * A .deb or .rpm on the machine that synthesises, uploaded with the stack.
   * @param path of the file
   */
  static fromAsset(path: string): NodePackage {
    return new AssetPackage(path);
  }

  /**
   * A .deb or .rpm in a bucket. The nodes may read this object and nothing else of the bucket.
   * @param sha256 64 hexadecimal digits that the file must have; left out, it is not compared
   */
  static fromBucket(bucket: s3.IBucket, key: string, sha256?: string): NodePackage {
    return new BucketPackage(bucket, key, sha256);
  }

  /**
   * A .deb or .rpm behind a URL.
   * @param sha256 64 hexadecimal digits that the file must have; left out, it is not compared
   */
  static fromUrl(url: string, sha256?: string): NodePackage {
    return new GivenPackage({ kind: 'url', url, ...(sha256 === undefined ? {} : { sha256 }) });
  }

  /**
   * From the npm registry. The image must have Node 24 or newer.
   * @param version "1.2.3"; left out, the newest at the time of the boot
   */
  static fromNpm(version?: string): NodePackage {
    return new GivenPackage({
      kind: 'npm',
      specifier: version === undefined ? 'eipkeeper' : `eipkeeper@${version}`,
    });
  }

  /** Called once by the pair: lets its role read the package, and says where it is. */
  abstract bind(scope: Construct, role: iam.IGrantable): PackageSource;
}

class AssetPackage extends NodePackage {
  readonly #path: string;

  constructor(path: string) {
    super();
    this.#path = path;
  }

  bind(scope: Construct, role: iam.IGrantable): PackageSource {
    const asset = new Asset(scope, 'Package', { path: this.#path });
    allowReading(role, asset.bucket, asset.s3ObjectKey);
    return { kind: 's3', bucket: asset.s3BucketName, key: asset.s3ObjectKey };
  }
}

class BucketPackage extends NodePackage {
  readonly #bucket: s3.IBucket;
  readonly #key: string;
  readonly #sha256: string | undefined;

  constructor(bucket: s3.IBucket, key: string, sha256: string | undefined) {
    super();
    this.#bucket = bucket;
    this.#key = key;
    this.#sha256 = sha256;
  }

  bind(_scope: Construct, role: iam.IGrantable): PackageSource {
    allowReading(role, this.#bucket, this.#key);
    const sum = this.#sha256 === undefined ? {} : { sha256: this.#sha256 };
    return { kind: 's3', bucket: this.#bucket.bucketName, key: this.#key, ...sum };
  }
}

class GivenPackage extends NodePackage {
  readonly #source: PackageSource;

  constructor(source: PackageSource) {
    super();
    this.#source = source;
  }

  bind(): PackageSource {
    return this.#source;
  }
}

/** Not `grantRead`, which allows listing the bucket too. */
function allowReading(role: iam.IGrantable, bucket: s3.IBucket, key: string): void {
  role.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({
      sid: 'ReadPackage',
      actions: ['s3:GetObject'],
      resources: [bucket.arnForObjects(key)],
    }),
  );
}
