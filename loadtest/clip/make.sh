#!/bin/sh
# SPDX-FileCopyrightText: The Fiera authors
# SPDX-License-Identifier: CC0-1.0
# Makes fiera-demo.webm (VP8 + Opus) from nothing but this folder: README.md beside it has the geometry.
# Needs FFmpeg with libvpx, libopus, libfreetype and librsvg (FFMPEG=/path to choose one) and espeak-ng.
set -eu
cd "$(dirname "$0")"
FFMPEG=${FFMPEG:-ffmpeg}
OUT=${OUT:-fiera-demo.webm}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

espeak-ng -v en-gb -s 150 -p 42 -w "$work/speech.wav" \
    "Welcome to Fiera. This is the demo stage. What you see and hear is a short clip that loops, sent by a program, just as a speaker would send it. Open the speaker page to take the stage yourself."

# Bits of the frame number N over 16 blocks of 40 pixels: white, black, 13 bits (highest first), even parity.
n="N"
bit="mod(floor($n/pow(2,14-X)),2)"
ones="0"
for i in 0 1 2 3 4 5 6 7 8 9 10 11 12; do ones="$ones+mod(floor($n/pow(2,$i)),2)"; done
stamp="if(eq(X,0),255,if(eq(X,1),0,if(eq(X,15),255*mod($ones,2),255*$bit)))"

"$FFMPEG" -hide_banner -loglevel warning -y \
    -loop 1 -framerate 25 -t 10 -i card.svg \
    -loop 1 -framerate 25 -t 10 -i hand.svg \
    -loop 1 -framerate 25 -t 10 -i ball.svg \
    -f lavfi -i "color=black:s=16x1:r=25:d=10,format=gray,geq=lum='$stamp'" \
    -i "$work/speech.wav" \
    -f lavfi -i "aevalsrc='0.4*sin(2*PI*1000*t)*lt(mod(t,1),0.08)':s=48000:d=10" \
    -filter_complex "
        [1:v]format=rgba,rotate=a='2*PI*t':c=none:ow=80:oh=80[hand];
        [2:v]format=rgba[ball];
        [3:v]scale=640:24:flags=neighbor[stamp];
        [0:v][hand]overlay=540:242[a];
        [a][ball]overlay=x='290+85*sin(2*PI*t/5)':y='252+18*cos(2*PI*t/2.5)':eval=frame[b];
        [b]drawtext=font='DejaVu Sans Mono':text='%{eif\:t\:d\:2}.%{eif\:mod(n\,25)*4\:d\:2} s':x=440:y=258:fontsize=22:fontcolor=white,
           drawbox=x=0:y=0:w=64:h=64:color=black:t=fill,
           drawbox=x=0:y=0:w=64:h=64:color=white:t=fill:enable='lt(mod(n,25),2)'[c];
        [c][stamp]overlay=0:336:format=auto,format=yuv420p[v];
        [4:a]aresample=48000,aformat=channel_layouts=mono,adelay=200,apad,atrim=0:10,volume='if(lt(mod(t,1),0.1),0.15,0.8)':eval=frame[s];
        [s][5:a]amix=inputs=2:normalize=0,aformat=channel_layouts=mono,alimiter=level=disabled:limit=0.9[m]" \
    -map '[v]' -map '[m]' -frames:v 250 -t 10 \
    -c:v libvpx -b:v 600k -maxrate 900k -bufsize 900k -g 25 -keyint_min 25 -auto-alt-ref 0 -lag-in-frames 0 -deadline good -cpu-used 1 -qmin 4 -qmax 48 \
    -c:a libopus -b:a 40k -frame_duration 20 -application audio \
    -metadata title="Fiera demo" -metadata copyright="CC0-1.0" -fflags +bitexact -flags:v +bitexact -flags:a +bitexact \
    "$OUT"
