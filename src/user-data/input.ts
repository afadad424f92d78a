/** Where a machine gets the package from. */
export type PackageSource =
  /** A .deb or .rpm in S3, fetched with the instance's role and the aws command. */
  | { readonly kind: 's3'; readonly bucket: string; readonly key: string; readonly sha256?: string }
  /** A .deb or .rpm behind http or https, fetched with curl. */
  | { readonly kind: 'url'; readonly url: string; readonly sha256?: string }
  /** "eipkeeper" or "eipkeeper@1.2.3" from the npm registry; the image must have Node 24 or newer. */
  | { readonly kind: 'npm'; readonly specifier: string };

export type ConfigurationSource =
  /** The name of a parameter, with its slash. The daemon reads it at every start and reload. */
  | { readonly kind: 'ssm'; readonly parameter: string }
  /** The text of the file, written to /etc/eipkeeper/eipkeeper.yaml. Must hold no secret: user data is no place for one. */
  | { readonly kind: 'inline'; readonly text: string };

/** What a script is made from. Every text ends up quoted, and may hold deploy-time placeholders of a template. */
export interface UserDataInput {
  readonly package: PackageSource;
  readonly configuration: ConfigurationSource;
  /** Let the first node make the key of the heartbeats as this SecureString; null: it is there already. */
  readonly generateKey: { readonly parameter: string; readonly kmsKeyId: string | null } | null;
  /** Install nginx where it is missing, and leave its start to eipkeeper. */
  readonly nginx: boolean;
  /** How long `doctor --wait` may take, in whole seconds. */
  readonly waitSeconds: number;
  /** The URL of a CloudFormation wait condition's handle, or null: nobody waits. */
  readonly signalUrl: string | null;
}

/** How long `doctor --wait` may take when nobody says: two instances boot, install, and find each other. */
export const DEFAULT_WAIT_SECONDS = 600;
