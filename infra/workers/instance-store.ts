/*
 * GPU instances have fast disks that nobody has formatted. The host makes one file system of them, for models, which
 * stay for the next worker; an instance without any uses its root volume.
 */

const INSTANCE_STORE_DIR = '/mnt/svd'
/** As in worker/Dockerfile: what a container writes there is written by it. */
export const WORKER_UID = 10_001

export interface WorkerVolume {
  readonly name: string
  /** As in worker/Dockerfile. */
  readonly containerPath: string
  /**
   * Folder of the host; `null` for a volume of one container, which is deleted with it. So nothing remains of a
   * worker that was killed.
   */
  readonly hostPath: string | null
}

const MODELS: WorkerVolume & { readonly hostPath: string } = {
  name: 'models',
  containerPath: '/var/cache/svd',
  hostPath: `${INSTANCE_STORE_DIR}/models`,
}

/** All that a worker writes to: the rest of its file system is read-only. */
export const WORKER_VOLUMES: readonly WorkerVolume[] = [
  MODELS,
  { name: 'scratch', containerPath: '/var/lib/svd', hostPath: null },
]

/** Bash, run once as root when the instance starts. Nothing in it keeps the instance from joining its cluster. */
export const INSTANCE_STORE_COMMANDS: readonly string[] = [
  "disks=$(lsblk --nodeps --noheadings --paths --output NAME,MODEL | awk '/Instance Storage/ { print $1 }')",
  'count=$(echo "$disks" | wc --words)',
  'disk=$(echo "$disks" | head --lines 1)',
  'if [ "$count" -gt 1 ] && command -v mdadm > /dev/null; then',
  '  # shellcheck disable=SC2086 # one argument a disk',
  '  mdadm --create /dev/md0 --level 0 --raid-devices "$count" $disks && disk=/dev/md0',
  'fi',
  `mkdir -p ${INSTANCE_STORE_DIR}`,
  `if [ -n "$disk" ]; then mkfs.xfs -f "$disk" && mount -o noatime "$disk" ${INSTANCE_STORE_DIR}; fi`,
  `install --directory --owner ${WORKER_UID} --group ${WORKER_UID} --mode 0750 ${MODELS.hostPath}`,
]
