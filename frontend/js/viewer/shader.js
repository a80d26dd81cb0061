/**
 * The face's shader: texture or vertex colour, soft light that moves with the camera, overlay.
 *
 * The light is the one of the still pictures (scans/conversion/surface.py), so that the picture
 * does not change when the 3D view takes its place: a broad key from the upper left, a fill and a
 * little sky, each creeping round the edge of the shadow, scaled to one for a surface that faces
 * the camera. View space has the camera's right, up and backward directions as its axes.
 *
 * Under an overlay the face turns to plaster: a value must look the same on every skin, so the
 * skin gives up its colour and keeps a trace of its structure, enough to find one's way; and it
 * must look the same in light and shade, so the light is all but even. Around a chosen area the
 * face steps back into shadow.
 */

export const VERTEX = /* glsl */ `
#include <color_pars_vertex>
varying vec2 vTexel;
varying vec3 vFacing;

void main() {
  #include <color_vertex>
  vTexel = uv;
  vFacing = normalMatrix * normal;
  gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0);
}
`;

export const FRAGMENT = /* glsl */ `
#include <common>
#include <color_pars_fragment>
uniform vec3 tone;
uniform sampler2D skinMap;
uniform float skinShare;
uniform sampler2D overlayMap;
uniform sampler2D overlayTable;
uniform bool overlayInColor;
uniform float overlayShare;
uniform sampler2D zoneMap;
uniform float zoneLevel;
varying vec2 vTexel;
varying vec3 vFacing;

const vec3 KEY = vec3(-0.50, 0.55, 0.67);
const vec3 FILL = vec3(0.75, 0.10, 0.65);
const float SKY = 0.22;
const float INSIDE = 0.35;
const vec3 BESIDE = vec3(0.56, 0.545, 0.52);

float wrapped(vec3 normal, vec3 lamp, float strength, float wrap) {
  return strength * max(dot(normal, normalize(lamp)) + wrap, 0.0) / (1.0 + wrap);
}

float unscaled(vec3 normal) {
  float sky = SKY * (0.5 + 0.5 * normal.y);
  return sky + wrapped(normal, KEY, 0.62, 0.45) + wrapped(normal, FILL, 0.24, 0.60);
}

/** Share of the chosen area around this point; between texels it fades, so that no steps show. */
float inside() {
  vec2 size = vec2(textureSize(zoneMap, 0));
  vec2 place = vTexel * size - 0.5;
  vec2 corner = floor(place);
  vec2 part = place - corner;
  vec4 levels = vec4(
    texture2D(zoneMap, (corner + vec2(0.5, 0.5)) / size).r,
    texture2D(zoneMap, (corner + vec2(1.5, 0.5)) / size).r,
    texture2D(zoneMap, (corner + vec2(0.5, 1.5)) / size).r,
    texture2D(zoneMap, (corner + vec2(1.5, 1.5)) / size).r
  );
  vec4 held = 1.0 - step(0.5, abs(levels * 255.0 - zoneLevel));
  return mix(mix(held.x, held.y, part.x), mix(held.z, held.w, part.x), part.y);
}

vec3 overlaid(vec3 albedo, float light) {
  vec3 found = texture2D(overlayMap, vTexel).rgb;
  // Texel centres: level 0 and 255 are the two ends of the table.
  vec3 tint = texture2D(overlayTable, vec2((found.r * 255.0 + 0.5) / 256.0, 0.5)).rgb;
  if (overlayInColor) {
    vec3 plaster = texture2D(overlayTable, vec2(0.5 / 256.0, 0.5)).rgb;
    tint = mix(plaster, found, smoothstep(0.0, 0.4, luminance(found)));
  }
  float structure = mix(0.72, 1.0, smoothstep(0.0, 0.45, luminance(albedo)));
  return tint * structure * mix(1.0, light, 0.45);
}

void main() {
  vec3 normal = normalize(gl_FrontFacing ? vFacing : -vFacing);
  float light = unscaled(normal) / unscaled(vec3(0.0, 0.0, 1.0));
  if (!gl_FrontFacing) light *= INSIDE;
  vec3 albedo = tone * mix(vec3(1.0), texture2D(skinMap, vTexel).rgb, skinShare);
  #if defined( USE_COLOR ) || defined( USE_COLOR_ALPHA )
    albedo *= vColor.rgb;
  #endif
  vec3 color = overlayShare > 0.0 ? overlaid(albedo, light) : albedo * light;
  if (zoneLevel > 0.0) color = mix(luminance(color) * BESIDE, color, inside());
  gl_FragColor = vec4(color, 1.0);
  #include <colorspace_fragment>
}
`;
