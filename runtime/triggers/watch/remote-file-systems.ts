import { statfs } from 'node:fs/promises';

/** A kind of file system on which others write as well, of whose writes no event tells. */
export interface RemoteFileSystem {
  /** As people call it. */
  readonly name: string;
  /** For how long, in ms, it may answer from its memory that a file is what it was, as it is usually mounted. */
  readonly staleness: number;
}

/**
 * The remote file system that a folder is on; undefined for all others. Only Linux tells: its `statfs` has a number for
 * each kind of file system.
 */
export async function remoteFileSystemOf(folder: string): Promise<RemoteFileSystem | undefined> {
  if (process.platform !== 'linux') return undefined;
  const type = await statfs(folder, { bigint: true }).then(
    (stats) => stats.type,
    () => 0n,
  );
  // Numbers from 0x80000000 on arrive with their sign extended from systems of 32 bits.
  return kinds.get(BigInt.asUintN(32, type));
}

// NFS remembers for 3 s at least (acregmin), SMB for 1 s (actimeo), as FUSE does with libfuse's attr_timeout. 9p
// remembers nothing unless it is told to. The others are taken for one of 1 s, or have servers that call back.
const nfs = { name: 'NFS', staleness: 3_000 };
const smb = { name: 'SMB', staleness: 1_000 };
const afs = { name: 'AFS', staleness: 0 };

// The names are those of linux/magic.h; below them some that stand in the headers of their file systems alone.
const kinds: ReadonlyMap<bigint, RemoteFileSystem> = new Map([
  [0x6969n /* NFS_SUPER_MAGIC */, nfs],
  [0x517bn /* SMB_SUPER_MAGIC */, smb],
  [0xff534d42n /* CIFS_SUPER_MAGIC */, smb],
  [0xfe534d42n /* SMB2_SUPER_MAGIC */, smb],
  [0x65735546n /* FUSE_SUPER_MAGIC, of virtiofs as well */, { name: 'FUSE', staleness: 1_000 }],
  [
    0x01021997n /* V9FS_MAGIC: shares of a virtual machine's host, Windows drives in WSL */,
    { name: '9p', staleness: 0 },
  ],
  [0x5346414fn /* AFS_SUPER_MAGIC */, afs],
  [0x6b414653n /* AFS_FS_MAGIC */, afs],
  [0x00c36400n /* CEPH_SUPER_MAGIC */, { name: 'Ceph', staleness: 0 }],
  [0x73757245n /* CODA_SUPER_MAGIC */, { name: 'Coda', staleness: 0 }],
  [0x564cn /* NCP_SUPER_MAGIC */, { name: 'NCP', staleness: 1_000 }],
  [0x7461636fn /* OCFS2_SUPER_MAGIC */, { name: 'OCFS2', staleness: 0 }],
  [0x01161970n, { name: 'GFS2', staleness: 0 }],
  [0x0bd00bd0n, { name: 'Lustre', staleness: 0 }],
  [0x47504653n, { name: 'GPFS', staleness: 1_000 }],
  [0x19830326n, { name: 'BeeGFS', staleness: 1_000 }],
  [0x786f4256n, { name: 'a shared folder of VirtualBox', staleness: 1_000 }],
  [0xbacbacbcn, { name: 'a shared folder of VMware', staleness: 1_000 }],
  [0x7c7c6673n, { name: 'a shared folder of Parallels', staleness: 1_000 }],
]);
