/** Bytes in one MB. `Mb` is 2^20 bytes everywhere in this project, as `pct` counts. */
export const BYTES_PER_MB = 1_048_576
/** Bytes in one GB (2^30), as Proxmox shows file systems. */
export const BYTES_PER_GB = 1_073_741_824
/** Kibibytes (the `kB` of /proc/meminfo) in one MB. */
export const KIB_PER_MB = 1024
export const MB_PER_GB = 1024
export const MS_PER_SECOND = 1_000
export const MS_PER_MINUTE = 60_000
export const MS_PER_HOUR = 3_600_000
export const MS_PER_DAY = 86_400_000
/** Microseconds of CPU time that one core gives per millisecond. */
export const USEC_PER_MS = 1_000
export const NS_PER_USEC = 1_000
