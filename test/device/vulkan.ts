/**
 * What Dawn needs to find an NVIDIA GPU on a machine where nothing is installed but the driver: the Vulkan loader,
 * which comes with the bundle, and a file that names the driver's library, which containers often lack.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";

export interface Vulkan {
  /** For the processes that compute. */
  env: Record<string, string>;
  /** What was found, for the report. */
  found: Record<string, string>;
}

const folders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/local/nvidia/lib64", "/usr/local/lib"];
/** The second needs no X11. */
const drivers = ["libGLX_nvidia.so.0", "libEGL_nvidia.so.0"];

/** @param loader folder of the bundle's own loader @param scratch where a file that names the driver may be written */
export function findVulkan(loader: string, scratch: string): Vulkan {
  const listed = spawnSync("sh", ["-c", "ldconfig -p || /sbin/ldconfig -p"], { encoding: "utf8" }).stdout ?? "";
  const library = (name: string): string | undefined =>
    new RegExp(`${name} .*=> (.+)`).exec(listed)?.[1] ??
    folders.map((folder) => path.join(folder, name)).find((file) => existsSync(file));
  const env: Record<string, string> = {};
  const own = library("libvulkan.so.1");
  if (!own) env["LD_LIBRARY_PATH"] = [process.env["LD_LIBRARY_PATH"], loader].filter(Boolean).join(":");
  const found = { loader: own ?? "the bundle's" };

  const given = process.env["VK_ICD_FILENAMES"] ?? process.env["VK_DRIVER_FILES"];
  if (given) return { env, found: { ...found, driver: given } };
  const installed = ["/etc/vulkan/icd.d", "/usr/share/vulkan/icd.d"].flatMap((folder) =>
    existsSync(folder)
      ? readdirSync(folder).flatMap((name) => (/nvidia/.test(name) ? path.join(folder, name) : []))
      : [],
  );
  if (installed.length > 0) return { env, found: { ...found, driver: installed.join(":") } };
  const libraries = drivers.flatMap((name) => library(name) ?? []);
  if (libraries.length === 0)
    return {
      env,
      found: { ...found, driver: `none: no ${drivers.join(", no ")} (in a container: its graphics capability)` },
    };
  const files = libraries.map((file, i) => {
    const icd = path.join(scratch, `nvidia-${i}.json`);
    const about = { file_format_version: "1.0.1", ICD: { library_path: file, api_version: "1.3.0" } };
    writeFileSync(icd, JSON.stringify(about));
    return icd;
  });
  return {
    env: { ...env, VK_ICD_FILENAMES: files.join(":") },
    found: { ...found, driver: `${libraries.join(", ")}, named by us` },
  };
}
