/**
 * The wheels that a set-up may fetch: exact versions, and the sha256 of each file as PyPI publishes it. CUDA is 12.8's,
 * with which the cuDNN is published.
 */

/** @typedef {{ name: string, version: string, sha256: string, mebibytes: number }} Wheel */
/** @typedef {Wheel & { unpacked: string }} Library with all that is unpacked: sha256 of what sha256sum says of it */

export const TENSORFLOW = "2.20.0";

/** @type {Record<string, Library>} by machine, and by "gpu" where it has one */
const LIBRARIES = {
  "linux-x64": {
    name: "tensorflow-cpu",
    version: TENSORFLOW,
    sha256: "cf756bbe2d256e942ab5d0ad2c858fb40017581494febdb4387c149b1afde780",
    unpacked: "6f098acb80d0951bea58bc59eb6e61dc0b9a9c71aae8f4233fc30478bc6c1130",
    mebibytes: 247,
  },
  "linux-x64 gpu": {
    name: "tensorflow",
    version: TENSORFLOW,
    sha256: "481499fd0f824583de8945be61d5e827898cdaa4f5ea1bc2cc28ca2ccff8229e",
    unpacked: "d0633f94a97e1c957ed35c4b816935631da975d8095f1ddb7338f6d05a6d4c56",
    mebibytes: 592,
  },
  "linux-arm64": {
    name: "tensorflow",
    version: TENSORFLOW,
    sha256: "3e9568c8efcb05c0266be223e3269c62ebf7ad3498f156438311735f6fa5ced5",
    unpacked: "c07f4eed99743c105123cd4b64172b3b0c8023397aad8a28ff5d80a2d5012d0d",
    mebibytes: 247,
  },
  "darwin-arm64": {
    name: "tensorflow",
    version: TENSORFLOW,
    sha256: "5f964016c5035d09b85a246a6b739be89282a7839743f3ea63640224f0c63aee",
    unpacked: "fd1a9ff6fff472e0b6a7cde477c13be74ea2fab4e9b7a4af11fb17ed89bb0578",
    mebibytes: 191,
  },
};

/** @type {Wheel[]} for Linux on x64 */
const NVIDIA = [
  ["cuda-runtime", "12.8.90", "adade8dcbd0edf427b7204d480d6066d33902cab2a4707dcfc48a2d0fd44ab90", 1],
  ["cublas", "12.8.4.1", "8ac4e771d5a348c551b2a426eda6193c19aa630236b418086020df5ba9667142", 567],
  ["cudnn", "9.10.2.21", "949452be657fa16687d0930933f032835951ef0892b37d2d53824d1a84dc97a8", 674],
  ["cufft", "11.3.3.83", "4d2dd21ec0b88cf61b62e6b43564355e5222e4a3fb394cac0db101f2dd0d4f74", 184],
  ["cusolver", "11.7.3.90", "4376c11ad263152bd50ea295c05370360776f8c3427b30991df774f9fb26c450", 255],
  ["cusparse", "12.5.8.93", "1ec05d76bbbd8b61b06a80e1eaf8cf4959c3d4ce8e711b65ebd0443bb0ebb13b", 275],
  ["nvjitlink", "12.8.93", "81ff63371a7ebd6e6451970684f916be2eab07321b73c9d244dc2b4da7f73b88", 37],
  ["cuda-cupti", "12.8.90", "ea0cb07ebda26bb9b29ba82cda34849e73c166c18162d3913575b0c9db9a6182", 10],
].map(
  ([name, version, sha256, mebibytes]) =>
    /** @type {Wheel} */ ({
      name: `nvidia-${name}-cu12`,
      version,
      sha256,
      mebibytes,
    }),
);

/**
 * The wheels of a machine, TensorFlow's first; none where there is none for it.
 * @param {{ platform: string, arch: string, gpu: boolean }} machine
 * @returns {[] | [Library, ...Wheel[]]}
 */
export function wheelsFor({ platform, arch, gpu }) {
  const library = LIBRARIES[`${platform}-${arch}${gpu ? " gpu" : ""}`];
  return library ? [library, ...(gpu ? NVIDIA : [])] : [];
}
