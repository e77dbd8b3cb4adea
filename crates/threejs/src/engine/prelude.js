// Appended to three.core.js, so every Three.js name is in scope. Runs before any module: whatever it needs later it takes
// now, because a module may replace every built-in. Facts: threejs-modules.md sections 6 and 7.
export const crucible = ( () => {

	'use strict';

	const { apply, getPrototypeOf, ownKeys } = Reflect;
	const { defineProperty, getOwnPropertyDescriptor } = Object;
	const { isArray } = Array;
	const { imul } = Math;
	const global = globalThis;
	const ProxyIn = Proxy, MapIn = Map, SetIn = Set, TypeErrorIn = TypeError, ErrorIn = Error, StringIn = String;
	const { get: mapGet, set: mapSet } = Map.prototype;
	const { has: setHas, add: setAdd } = Set.prototype;
	const typedProto = getPrototypeOf( Uint8Array.prototype );
	const typedLength = getOwnPropertyDescriptor( typedProto, 'length' ).get;
	const typedBytes = getOwnPropertyDescriptor( typedProto, 'byteLength' ).get;
	const typedTag = getOwnPropertyDescriptor( typedProto, Symbol.toStringTag ).get;

	// Warnings of Three.js go nowhere; modules cannot name the console, analysis refuses it.
	const silent = () => {};
	globalThis.console = { log: silent, info: silent, warn: silent, error: silent, debug: silent, assert: silent };

	// mulberry32. Every UUID of Three.js draws from it too, four times.
	let state = 0;
	Math.random = function random() {

		state = ( state + 0x6D2B79F5 ) | 0;
		let t = imul( state ^ ( state >>> 15 ), state | 1 );
		t = ( t + imul( t ^ ( t >>> 7 ), t | 61 ) ) ^ t;
		return ( ( t ^ ( t >>> 14 ) ) >>> 0 ) / 4294967296;

	};

	// The namespace

	const refuse = ( trap, key ) => {

		const of = key === undefined ? '' : ` for property '${ typeof key === 'symbol' ? 'Symbol()' : key }'`;
		throw new TypeErrorIn( `'${ trap }' on proxy: trap returned falsish${ of }` );

	};

	const fixed = {
		__proto__: null,
		set: ( target, key ) => refuse( 'set', key ),
		deleteProperty: ( target, key ) => refuse( 'deleteProperty', key ),
		defineProperty: ( target, key ) => refuse( 'defineProperty', key ),
		setPrototypeOf: () => refuse( 'setPrototypeOf' ),
		preventExtensions: () => refuse( 'preventExtensions' ),
	};

	const mathHidden = { __proto__: null, generateUUID: true, seededRandom: true };
	const mathCopy = {};
	for ( const key of ownKeys( MathUtils ) ) if ( ! ( key in mathHidden ) ) mathCopy[ key ] = MathUtils[ key ];
	const mathSafe = new ProxyIn( mathCopy, {
		__proto__: null, ...fixed,
		get( target, key ) {

			if ( key in mathHidden ) throw new TypeErrorIn( `THREE.MathUtils.${ key } is forbidden` );
			return target[ key ];

		},
		has: ( target, key ) => ! ( key in mathHidden ) && key in target,
	} );

	const allowed = { __proto__: null }, known = { __proto__: null }, backing = {};
	const namespace = ( real, allowedNames, knownNames ) => {

		for ( const name of knownNames ) known[ name ] = true;
		for ( const name of allowedNames ) {

			allowed[ name ] = true;
			if ( name in real ) backing[ name ] = name === 'MathUtils' ? mathSafe : real[ name ];

		}

		return new ProxyIn( backing, {
			__proto__: null, ...fixed,
			get( target, key ) {

				if ( typeof key === 'symbol' || key in target ) return target[ key ];
				if ( key in known ) throw new TypeErrorIn( `THREE.${ key } is forbidden` );
				throw new TypeErrorIn( `THREE.${ key } is not a recognized Three.js API` );

			},
			has: ( target, key ) => typeof key === 'symbol' ? key in target : key in allowed,
		} );

	};

	// Traps

	const trap = ( owner, key, text ) => {

		const message = `Runtime violation: ${ text } is forbidden`;
		defineProperty( owner, key, {
			get() {

				throw new ErrorIn( message );

			}, set: undefined, enumerable: false, configurable: false
		} );

	};

	const close = ( names, seed ) => {

		const kinds = [ function () {}, function* () {}, async function () {}, async function* () {} ];
		for ( const kind of kinds ) trap( getPrototypeOf( kind ), 'constructor', 'Function constructor' );
		for ( const name of names ) trap( global, name, name );
		state = seed;

	};

	// Text of a thrown value; reading it may run the module's code, and that may throw again.
	const describe = ( thrown ) => {

		try {

			if ( thrown === null || thrown === undefined ) return StringIn( thrown );
			const message = thrown.message;
			return message === undefined || message === null || message === '' ? StringIn( thrown ) : StringIn( message );

		} catch {

			return 'a value that cannot be shown was thrown';

		}

	};

	// Measuring. Nothing below calls a method of the module's objects: it reads plain properties. Arrays made here are
	// written only where they already have an element, because Array.prototype may have setters by now.

	const slots = [ 'map', 'normalMap', 'roughnessMap', 'metalnessMap', 'aoMap', 'emissiveMap', 'displacementMap',
		'bumpMap', 'alphaMap', 'lightMap', 'specularIntensityMap', 'specularColorMap', 'sheenRoughnessMap',
		'sheenColorMap', 'transmissionMap', 'thicknessMap', 'clearcoatMap', 'clearcoatNormalMap',
		'clearcoatRoughnessMap', 'iridescenceMap', 'iridescenceThicknessMap', 'envMap', 'anisotropyMap' ];

	const norms = { __proto__: null, Uint8Array: 255, Uint8ClampedArray: 255, Uint16Array: 65535,
		Uint32Array: 4294967295, Int8Array: 127, Int16Array: 32767, Int32Array: 2147483647 };

	const empty = () => [ Infinity, Infinity, Infinity, - Infinity, - Infinity, - Infinity ];
	const isEmpty = ( box ) => box[ 3 ] < box[ 0 ] || box[ 4 ] < box[ 1 ] || box[ 5 ] < box[ 2 ];
	// NaN sticks: a box with one NaN coordinate must stay recognisable to the end.
	const lower = ( a, b ) => a !== a || b !== b ? NaN : a < b ? a : b;
	const upper = ( a, b ) => a !== a || b !== b ? NaN : a > b ? a : b;
	const widen = ( box, x, y, z ) => {

		box[ 0 ] = lower( box[ 0 ], x ); box[ 1 ] = lower( box[ 1 ], y ); box[ 2 ] = lower( box[ 2 ], z );
		box[ 3 ] = upper( box[ 3 ], x ); box[ 4 ] = upper( box[ 4 ], y ); box[ 5 ] = upper( box[ 5 ], z );

	};

	const widenBy = ( box, other ) => {

		if ( isEmpty( other ) ) return;
		widen( box, other[ 0 ], other[ 1 ], other[ 2 ] );
		widen( box, other[ 3 ], other[ 4 ], other[ 5 ] );

	};

	const transformed = ( box, m ) => {

		if ( isEmpty( box ) ) return box;
		const out = empty();
		for ( let corner = 0; corner < 8; corner ++ ) {

			const x = box[ corner & 1 ? 3 : 0 ], y = box[ corner & 2 ? 4 : 1 ], z = box[ corner & 4 ? 5 : 2 ];
			const w = 1 / ( m[ 3 ] * x + m[ 7 ] * y + m[ 11 ] * z + m[ 15 ] );
			widen( out, ( m[ 0 ] * x + m[ 4 ] * y + m[ 8 ] * z + m[ 12 ] ) * w,
				( m[ 1 ] * x + m[ 5 ] * y + m[ 9 ] * z + m[ 13 ] ) * w,
				( m[ 2 ] * x + m[ 6 ] * y + m[ 10 ] * z + m[ 14 ] ) * w );

		}

		return out;

	};

	const attributeBox = ( attribute ) => {

		const box = empty();
		const count = + attribute.count;
		let array, stride, offset;
		if ( attribute.isInterleavedBufferAttribute ) {

			array = attribute.data.array; stride = + attribute.data.stride; offset = + attribute.offset;

		} else {

			array = attribute.array; stride = + attribute.itemSize; offset = 0;

		}

		const flat = + attribute.itemSize < 3;
		let scale = 1;
		const tag = apply( typedTag, array, [] );
		if ( attribute.normalized && tag in norms ) scale = norms[ tag ];
		const floor = scale === 1 ? - Infinity : - 1;
		for ( let i = 0; i < count; i ++ ) {

			const at = i * stride + offset;
			let x = + array[ at ], y = + array[ at + 1 ], z = flat ? 0 : + array[ at + 2 ];
			if ( scale !== 1 ) {

				x = upper( x / scale, floor ); y = upper( y / scale, floor ); z = upper( z / scale, floor );

			}

			widen( box, x, y, z );

		}

		return box;

	};

	const geometryBox = ( geometry ) => {

		const position = geometry.attributes.position;
		if ( position === undefined || position === null ) return empty();
		const box = attributeBox( position );
		const morphs = geometry.morphAttributes && geometry.morphAttributes.position;
		if ( morphs ) {

			const relative = geometry.morphTargetsRelative;
			const base = [ box[ 0 ], box[ 1 ], box[ 2 ], box[ 3 ], box[ 4 ], box[ 5 ] ];
			for ( let i = 0; i < morphs.length; i ++ ) {

				const morph = attributeBox( morphs[ i ] );
				if ( isEmpty( morph ) ) continue;
				if ( relative ) for ( let k = 0; k < 6; k ++ ) morph[ k ] += base[ k ];
				widenBy( box, morph );

			}

		}

		return box;

	};

	const elements = ( e ) => [ + e[ 0 ], + e[ 1 ], + e[ 2 ], + e[ 3 ], + e[ 4 ], + e[ 5 ], + e[ 6 ], + e[ 7 ],
		+ e[ 8 ], + e[ 9 ], + e[ 10 ], + e[ 11 ], + e[ 12 ], + e[ 13 ], + e[ 14 ], + e[ 15 ] ];

	const localMatrix = ( node ) => {

		if ( ! node.matrixAutoUpdate ) return elements( node.matrix.elements );
		const p = node.position, q = node.quaternion, s = node.scale;
		const x = + q.x, y = + q.y, z = + q.z, w = + q.w, sx = + s.x, sy = + s.y, sz = + s.z;
		const x2 = x + x, y2 = y + y, z2 = z + z;
		const xx = x * x2, xy = x * y2, xz = x * z2, yy = y * y2, yz = y * z2, zz = z * z2;
		const wx = w * x2, wy = w * y2, wz = w * z2;
		const m = [ ( 1 - ( yy + zz ) ) * sx, ( xy + wz ) * sx, ( xz - wy ) * sx, 0,
			( xy - wz ) * sy, ( 1 - ( xx + zz ) ) * sy, ( yz + wx ) * sy, 0,
			( xz + wy ) * sz, ( yz - wx ) * sz, ( 1 - ( xx + yy ) ) * sz, 0, + p.x, + p.y, + p.z, 1 ];
		const pivot = node.pivot;
		if ( pivot !== null && pivot !== undefined ) {

			const px = + pivot.x, py = + pivot.y, pz = + pivot.z;
			for ( let k = 0; k < 3; k ++ )
				m[ 12 + k ] += ( k === 0 ? px : k === 1 ? py : pz ) - m[ k ] * px - m[ 4 + k ] * py - m[ 8 + k ] * pz;

		}

		return m;

	};

	const product = ( a, b ) => {

		const m = [ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 ];
		for ( let c = 0; c < 16; c += 4 ) for ( let r = 0; r < 4; r ++ )
			m[ c + r ] = a[ r ] * b[ c ] + a[ 4 + r ] * b[ c + 1 ] + a[ 8 + r ] * b[ c + 2 ] + a[ 12 + r ] * b[ c + 3 ];
		return m;

	};

	const positive = ( n ) => {

		n = + n;
		return n > 0 ? n : 0;

	};

	// Codes, mirrored in measure.rs: 0 measured, 1 nothing returned, 2 not an object of Three.js, 3 wrong kind,
	// 4 cycle, 5 too deep, 6 thenable.
	const kinds = { __proto__: null, Group: 1, Mesh: 1, LineSegments: 1, Points: 1 };

	const measure = ( root, depthMax ) => {

		if ( root === null || root === undefined ) return [ 1 ];
		if ( typeof root === 'object' || typeof root === 'function' ) if ( typeof root.then === 'function' ) return [ 6 ];
		if ( ! root.isObject3D ) return [ 2 ];
		const type = root.type, isGroup = root.isGroup;
		if ( typeof type !== 'string' || ! ( type in kinds ) ) return [ 3 ];
		if ( ! ( isGroup || root.isMesh || root.isLineSegments || root.isPoints ) ) return [ 3 ];
		const wrapped = ! isGroup || type !== 'Group';

		const seen = new SetIn(), textures = new SetIn(), boxes = new MapIn(), total = empty();
		let vertices = 0, drawCalls = 0, depth = 0, instances = 0, textureBytes = 0, stop = 0;

		const boxOf = ( geometry ) => {

			let box = apply( mapGet, boxes, [ geometry ] );
			if ( box === undefined ) apply( mapSet, boxes, [ geometry, box = geometryBox( geometry ) ] );
			return box;

		};

		const count = ( node, geometry ) => {

			drawCalls ++;
			const position = geometry.attributes.position;
			if ( position !== undefined && position !== null ) vertices += positive( position.count );
			const material = node.material, many = isArray( material );
			for ( let i = 0, n = many ? material.length : 1; i < n; i ++ ) {

				const one = many ? material[ i ] : material;
				if ( one === null || one === undefined ) continue;
				for ( let k = 0; k < 23; k ++ ) {

					const texture = one[ slots[ k ] ];
					if ( ! texture || ! texture.isDataTexture || apply( setHas, textures, [ texture ] ) ) continue;
					apply( setAdd, textures, [ texture ] );
					const image = texture.image, data = image && image.data;
					if ( ! data ) continue;
					textureBytes += positive( apply( typedTag, data, [] ) === undefined
						? data.byteLength : apply( typedBytes, data, [] ) );

				}

			}

		};

		const visit = ( node, parent, level ) => {

			if ( apply( setHas, seen, [ node ] ) ) stop = 4;
			else if ( level > depthMax ) stop = 5;
			if ( stop !== 0 ) return;
			apply( setAdd, seen, [ node ] );
			if ( level > depth ) depth = level;
			const geometry = node.geometry;
			const instanced = node.isInstancedMesh;
			const own = instanced ? positive( node.count ) : 0;
			instances += own;
			if ( node.isMesh || node.isLine || node.isPoints ) count( node, geometry );

			let world;
			if ( node.matrixWorldAutoUpdate === true ) {

				const local = localMatrix( node );
				world = parent === null ? local : product( parent, local );

			} else world = elements( node.matrixWorld.elements );

			if ( geometry !== undefined ) {

				let box = boxOf( geometry );
				if ( instanced ) {

					// Only matrices that exist: a count beyond them is the instance limit's business.
					const array = node.instanceMatrix.array, base = box;
					const backed = ( apply( typedTag, array, [] ) === undefined
						? positive( array.length ) : apply( typedLength, array, [] ) ) / 16;
					box = empty();
					for ( let i = 0; i < own && i < backed; i ++ ) {

						const at = i * 16;
						widenBy( box, transformed( base, [ array[ at ], array[ at + 1 ], array[ at + 2 ], array[ at + 3 ],
							array[ at + 4 ], array[ at + 5 ], array[ at + 6 ], array[ at + 7 ], array[ at + 8 ],
							array[ at + 9 ], array[ at + 10 ], array[ at + 11 ], array[ at + 12 ], array[ at + 13 ],
							array[ at + 14 ], array[ at + 15 ] ] ) );

					}

				}

				widenBy( total, transformed( box, world ) );

			}

			const children = node.children;
			for ( let i = 0, n = children.length; i < n && stop === 0; i ++ ) visit( children[ i ], world, level + 1 );

		};

		visit( root, null, wrapped ? 1 : 0 );
		if ( stop !== 0 ) return [ stop ];
		return [ 0, vertices, drawCalls, depth, instances, textureBytes,
			total[ 0 ], total[ 1 ], total[ 2 ], total[ 3 ], total[ 4 ], total[ 5 ] ];

	};

	return { namespace, close, describe, measure };

} )();
