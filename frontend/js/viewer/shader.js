/**
 * The face's shader: texture or vertex colour, soft light that moves with the camera, overlay.
 *
 * The light is the one of the still pictures (scans/conversion/surface.py), so that the picture
 * does not change when the 3D view takes its place: a broad key from the upper left, a fill and a
 * little sky, each creeping round the edge of the shadow, scaled to one for a surface that faces
 * the camera. View space has the camera's right, up and backward directions as its axes.
 *
 * The overlay is mixed in after lighting, so that a value looks the same in light and shade and
 * matches the legend; the skin below keeps its structure but gives up its colour.
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
uniform float overlayShare;
varying vec2 vTexel;
varying vec3 vFacing;

const vec3 KEY = vec3(-0.50, 0.55, 0.67);
const vec3 FILL = vec3(0.75, 0.10, 0.65);
const float SKY = 0.22;
const float INSIDE = 0.35;

float wrapped(vec3 normal, vec3 lamp, float strength, float wrap) {
  return strength * max(dot(normal, normalize(lamp)) + wrap, 0.0) / (1.0 + wrap);
}

float unscaled(vec3 normal) {
  float sky = SKY * (0.5 + 0.5 * normal.y);
  return sky + wrapped(normal, KEY, 0.62, 0.45) + wrapped(normal, FILL, 0.24, 0.60);
}

vec3 overlaid(vec3 color) {
  // Texel centres: level 0 and 255 are the two ends of the table.
  float level = texture2D(overlayMap, vTexel).r;
  vec3 tint = texture2D(overlayTable, vec2((level * 255.0 + 0.5) / 256.0, 0.5)).rgb;
  float grey = luminance(color);
  // Where little or nothing was measured the face stays easier to recognise.
  float share = overlayShare * mix(0.6, 1.0, smoothstep(0.0, 0.4, level));
  return mix(vec3(0.06 + grey), tint * (0.78 + 0.5 * grey), share);
}

void main() {
  vec3 normal = normalize(gl_FrontFacing ? vFacing : -vFacing);
  float light = unscaled(normal) / unscaled(vec3(0.0, 0.0, 1.0));
  if (!gl_FrontFacing) light *= INSIDE;
  vec3 albedo = tone * mix(vec3(1.0), texture2D(skinMap, vTexel).rgb, skinShare);
  #if defined( USE_COLOR ) || defined( USE_COLOR_ALPHA )
    albedo *= vColor.rgb;
  #endif
  vec3 color = albedo * light;
  if (overlayShare > 0.0) color = overlaid(color);
  gl_FragColor = vec4(color, 1.0);
  #include <colorspace_fragment>
}
`;
