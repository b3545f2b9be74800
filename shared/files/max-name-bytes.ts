/** Most bytes of a file's name in ext4, XFS, APFS and NTFS, where Windows counts 255 UTF-16 units instead. */
export const MAX_NAME_BYTES = 255
